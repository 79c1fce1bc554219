/** How gates look: as JSON, and in words as the condition that a task waits for. */
import { phaseOf, type Gate } from '../core/gates';
import { isoTime } from './present';

const valueOf = (gate: Gate, now: number): Readonly<Record<string, unknown>> => ({
  scope: gate.scope,
  name: gate.scope === 'all' ? null : gate.name,
  state: gate.state,
  probing: phaseOf(gate, now) === 'PROBING',
  reason: gate.reason,
  by: gate.by,
  since: isoTime(gate.since),
  until: isoTime(gate.until),
  endedAt: isoTime(gate.endedAt),
  trips: gate.trips,
});

/** JSON text of a gate. */
export const gateJson = (gate: Gate, now: number): string => JSON.stringify(valueOf(gate, now));

export const GATE_CODES = ['EVERYTHING_PAUSED', 'TYPE_PAUSED', 'POOL_PAUSED', 'QUARANTINED'] as const;

export interface GateCondition {
  readonly code: (typeof GATE_CODES)[number];
  readonly sentence: string;
  readonly details: Readonly<Record<string, unknown>>;
}

const CODES = { all: 'EVERYTHING_PAUSED', type: 'TYPE_PAUSED', pool: 'POOL_PAUSED' } as const;

const commandOf = ({ scope, name, state }: Gate): string =>
  `dts gates resume ${scope === 'all' ? '--all' : `--${scope} ${name}`}${state === 'QUARANTINED' ? ' --quarantine' : ''}`;

const pausedSentence = ({ scope, name, by, reason, since, until }: Gate, command: string): string => {
  const what = scope === 'all' ? 'everything' : `the ${scope} ${name}`;
  const end = until === null ? 'until it is resumed' : `until ${isoTime(until) ?? ''}`;
  return `${what} is paused${by === null ? '' : ` by ${by}`} since ${isoTime(since) ?? ''}, ${end}${reason === null ? '' : `: ${reason}`} (${command} frees it)`;
};

const quarantineSentence = ({ name, reason, since, until }: Gate, probing: boolean, command: string): string => {
  const next = probing ? 'a few tasks are let through now, to see whether it works again' : `a few tasks are let through at ${isoTime(until) ?? ''}`;
  return `the type ${name} is in quarantine since ${isoTime(since) ?? ''}, for its handlers failed everywhere, last with: ${reason ?? ''}; ${next} (${command} frees it)`;
};

/** A gate as the condition that a task behind it waits for. */
export const gateCondition = (gate: Gate, now: number): GateCondition => {
  const command = commandOf(gate);
  const details = { ...valueOf(gate, now), command };
  if (gate.state === 'PAUSED') return { code: CODES[gate.scope], sentence: pausedSentence(gate, command), details };
  return { code: 'QUARANTINED', sentence: quarantineSentence(gate, phaseOf(gate, now) === 'PROBING', command), details };
};
