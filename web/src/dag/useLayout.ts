/** Lays boxes out in a worker of its own, so that the page stays quick meanwhile. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Condensed } from './condense';
import type { Direction, Layout } from './layout';

interface Answer {
  readonly number: number;
  readonly layout: Layout;
}

interface Laid {
  readonly condensed: Condensed;
  readonly layout: Layout;
}

// Started when the page's script is: while the tasks are on their way. It lives as long as the page.
const worker = new Worker(new URL('./layoutWorker.ts', import.meta.url), { type: 'module' });
const numbers = { last: 0 };

/** What was laid out last, with the boxes that it is of; undefined before the first one is ready. */
export const useLayout = (condensed: Condensed, direction: Direction | undefined): Laid | undefined => {
  const asked = useRef<{ number: number; condensed: Condensed }>({ number: 0, condensed });
  const [laid, setLaid] = useState<Laid | undefined>(undefined);
  useEffect(() => {
    const hear = ({ data }: MessageEvent<Answer>): void => {
      if (data.number === asked.current.number) setLaid({ condensed: asked.current.condensed, layout: data.layout });
    };
    worker.addEventListener('message', hear);
    return () => {
      worker.removeEventListener('message', hear);
    };
  }, []);
  useEffect(() => {
    if (direction === undefined) return;
    numbers.last += 1;
    asked.current = { number: numbers.last, condensed };
    const boxes = condensed.boxes.map(({ id, kind, members }) => ({ id, kind, members }));
    worker.postMessage({ number: numbers.last, request: { boxes, edges: condensed.edges, direction } });
  }, [condensed, direction]);
  return laid;
};
