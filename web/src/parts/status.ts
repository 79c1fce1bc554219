/** How each state looks: a word, a tone and a shape. The shape tells states apart where colours don't. */

export type Tone = 'quiet' | 'waiting' | 'busy' | 'good' | 'bad' | 'warn';

/** Drawn on a field of 16 by 16. `filled` shapes are discs with a sign cut out of them. */
export interface Shape {
  readonly filled?: string;
  readonly lines?: string;
}

export interface Look {
  readonly word: string;
  readonly tone: Tone;
  readonly shape: Shape;
}

const DISC = 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Z';
const RING = 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2Z';

const shapes = {
  ring: { lines: RING },
  dotted: { lines: 'M8 2v.1M12.2 3.8l.1-.1M14 8h.1M12.3 12.3l-.1-.1M8 14v-.1M3.8 12.2l-.1.1M2 8h-.1M3.7 3.7l.1.1' },
  clock: { lines: `${RING}M8 4.8V8l2.4 1.6` },
  play: { filled: 'M4 2.2v11.6a.6.6 0 0 0 .9.5l9.4-5.8a.6.6 0 0 0 0-1L4.9 1.7A.6.6 0 0 0 4 2.2Z' },
  turn: { lines: 'M13.5 8a5.5 5.5 0 1 1-1.7-4M13.8 1.6v3h-3' },
  pause: { filled: 'M4 2h3v12H4ZM9 2h3v12H9Z' },
  check: { filled: `${DISC}M6.9 11.3 3.9 8.3l1.1-1.1 1.9 1.9 4.1-4.3 1.1 1.1Z` },
  cross: { filled: 'M5 1h6l4 4v6l-4 4H5l-4-4V5ZM5.3 4.2 4.2 5.3 6.9 8l-2.7 2.7 1.1 1.1L8 9.1l2.7 2.7 1.1-1.1L9.1 8l2.7-2.7-1.1-1.1L8 6.9Z' },
  bar: { lines: `${RING}M4 12 12 4` },
  skip: { lines: 'M3 3.5 7.5 8 3 12.5M8.5 3.5 13 8l-4.5 4.5' },
  stop: { lines: RING, filled: 'M5.5 5.5h5v5h-5Z' },
  triangle: { filled: 'M8 1.2 15.5 14.5H.5ZM7.2 6v4h1.6V6ZM7.2 11.2v1.6h1.6v-1.6Z' },
  exit: { lines: 'M8 2v8M4.5 6.8 8 10.3l3.5-3.5M2.5 13.5h11' },
} as const satisfies Readonly<Record<string, Shape>>;

const LOOKS: Readonly<Record<string, Look>> = {
  CREATED: { word: 'created', tone: 'quiet', shape: shapes.ring },
  PENDING: { word: 'pending', tone: 'quiet', shape: shapes.dotted },
  QUEUED: { word: 'queued', tone: 'waiting', shape: shapes.clock },
  WAITING: { word: 'waiting', tone: 'waiting', shape: shapes.pause },
  AWAITING_APPROVAL: { word: 'waits for approval', tone: 'waiting', shape: shapes.pause },
  RUNNING: { word: 'running', tone: 'busy', shape: shapes.play },
  RETRYING: { word: 'retrying', tone: 'warn', shape: shapes.turn },
  CANCELLING: { word: 'cancelling', tone: 'warn', shape: shapes.stop },
  PAUSED: { word: 'paused', tone: 'waiting', shape: shapes.pause },
  COMPLETED: { word: 'completed', tone: 'good', shape: shapes.check },
  FAILED: { word: 'failed', tone: 'bad', shape: shapes.cross },
  SKIPPED: { word: 'skipped', tone: 'quiet', shape: shapes.skip },
  CANCELLED: { word: 'cancelled', tone: 'quiet', shape: shapes.bar },
  ACTIVE: { word: 'active', tone: 'good', shape: shapes.check },
  DRAINING: { word: 'draining', tone: 'waiting', shape: shapes.exit },
  LOST: { word: 'lost', tone: 'bad', shape: shapes.cross },
  UP: { word: 'up', tone: 'good', shape: shapes.check },
  DOWN: { word: 'down', tone: 'bad', shape: shapes.cross },
  OPEN: { word: 'open', tone: 'bad', shape: shapes.triangle },
  REPLAYED: { word: 'replayed', tone: 'good', shape: shapes.turn },
  DISCARDED: { word: 'discarded', tone: 'quiet', shape: shapes.bar },
  DUE: { word: 'due', tone: 'waiting', shape: shapes.clock },
  SUBMITTED: { word: 'submitted', tone: 'good', shape: shapes.check },
  MISSED: { word: 'missed', tone: 'quiet', shape: shapes.bar },
  REFUSED: { word: 'refused', tone: 'bad', shape: shapes.cross },
  FULL: { word: 'full', tone: 'warn', shape: shapes.bar },
  QUARANTINED: { word: 'in quarantine', tone: 'bad', shape: shapes.triangle },
};

/** The look of a state; one that nobody knows yet is shown by its own name. */
export const lookOf = (status: string): Look => LOOKS[status] ?? { word: status.toLowerCase(), tone: 'quiet', shape: shapes.ring };

export const DAG_STATUSES = ['CREATED', 'RUNNING', 'PAUSED', 'COMPLETED', 'FAILED', 'CANCELLED'] as const;
