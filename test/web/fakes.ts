/** Stand-ins for what a browser has: its EventSource, and an eye on whether anybody sees the page. */
import type { Sight } from '../../web/src/live/sight';
import { CLOSED, type Source } from '../../web/src/live/stream';

type Heard = (message: { readonly data: string }) => void;

export interface FakeSource extends Source {
  readonly address: string;
  say(name: string, data?: unknown): void;
  /** As a browser does where the answer is no stream. */
  giveUp(): void;
}

export const fakeSource = (address: string): FakeSource => {
  const listeners: (readonly [string, Heard])[] = [];
  let readyState = 1;
  const say = (name: string, data: unknown = {}): void => {
    for (const [each, heard] of listeners) if (each === name) heard({ data: JSON.stringify(data) });
  };
  return {
    address,
    get readyState() {
      return readyState;
    },
    addEventListener: (name, heard) => {
      listeners.push([name, heard]);
    },
    close: () => {
      readyState = CLOSED;
    },
    say,
    giveUp: () => {
      readyState = CLOSED;
      say('error');
    },
  };
};

export interface FakeSight extends Sight {
  hide(): void;
  show(): void;
}

export const fakeSight = (): FakeSight => {
  const listeners = new Set<() => void>();
  let isHidden = false;
  const become = (next: boolean): void => {
    isHidden = next;
    for (const changed of [...listeners]) changed();
  };
  return {
    isHidden: () => isHidden,
    onHiding: (changed) => {
      listeners.add(changed);
      return () => {
        listeners.delete(changed);
      };
    },
    hide: () => {
      become(true);
    },
    show: () => {
      become(false);
    },
  };
};
