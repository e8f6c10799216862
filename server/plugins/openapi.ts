/** The OpenAPI document at /openapi.json, made from the routes' own schemas. */
import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';

/** Collects the routes that are registered after this. */
export async function collectOpenApi(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Tacet',
        version,
        description:
          'REST routes of a Tacet server. Byte strings are base64url without padding; `x-bytes` gives their exact length or range. ' +
          'Sockets and signed structures are described in PROTOCOL.md.',
      },
      components: {
        securitySchemes: {
          session: { type: 'http', scheme: 'bearer', description: 'The access token of a session.' },
        },
      },
    },
  });
}
