/** Serves files from memory on loopback, each with the same headers. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ServedFile {
  readonly type: string;
  readonly body: string | Uint8Array;
}

export interface ServedFiles {
  /** Of the page, with a slash at its end. */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves files by their paths; all others are not found. */
export async function serveFiles(
  files: ReadonlyMap<string, ServedFile>,
  headers: Readonly<Record<string, string>>,
): Promise<ServedFiles> {
  const server = createServer((request, response) => {
    const file = files.get(request.url ?? '');
    if (file === undefined) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { ...headers, 'content-type': file.type }).end(file.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () =>
      new Promise((resolve, reject) => {
        server.closeAllConnections();
        server.close((error) => {
          if (error === undefined) resolve();
          else reject(error);
        });
      }),
  };
}
