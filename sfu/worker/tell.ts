/** The obtaining of the worker in lines for a person: what has begun, and each tenth of a build. */
import type { ObtainProgress } from './obtain.ts';

const TENTHS = 10;

/** Tells each thing once. */
export function progressTeller(say: (line: string) => void): (progress: ObtainProgress) => void {
  let last = '';
  return (progress) => {
    const line = lineFor(progress);
    if (line !== last) say(line);
    last = line;
  };
}

function lineFor(progress: ObtainProgress): string {
  switch (progress.kind) {
    case 'waiting':
      return 'media worker: another process is making it';
    case 'downloading':
      return 'media worker: downloading';
    case 'installing':
      return `media worker: installing ${progress.packages.join(', ')}`;
    case 'building': {
      const tenths = Math.floor((TENTHS * progress.done) / progress.all);
      return `media worker: building, ${tenths * TENTHS} %`;
    }
  }
}
