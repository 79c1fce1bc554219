/** The settings of simulated tasks, and what becomes of them for the types that a deployment has. */
import { fraction, nullable, range, simulatedTypes } from './readers';
import { setting, type Spec } from './setting';
import type { Sections, SimulatedType } from './shape';

const BUILT_IN: Readonly<Record<string, SimulatedType>> = {
  DATA_PROCESSING: { durationMs: [100, 500], failureRate: 0.1 },
  API_CALL: { durationMs: [50, 300], failureRate: 0.1 },
  DATABASE_OPERATION: { durationMs: [50, 250], failureRate: 0.1 },
  FILE_PROCESSING: { durationMs: [100, 800], failureRate: 0.1 },
  NOTIFICATION: { durationMs: [20, 100], failureRate: 0.1 },
};

/** Task types that are there without being added. */
export const SIMULATED_TYPES: string[] = Object.keys(BUILT_IN);

/** A type that the deployment added and says nothing about. */
const OTHER_TYPE: SimulatedType = { durationMs: [50, 300], failureRate: 0.1 };

const mergeTypes = (lower: Readonly<Record<string, SimulatedType>>, higher: unknown): Readonly<Record<string, SimulatedType>> => {
  const added = Object.entries(higher as Readonly<Record<string, Partial<SimulatedType>>>);
  return { ...lower, ...Object.fromEntries(added.map(([type, given]) => [type, { ...(lower[type] ?? OTHER_TYPE), ...given }])) };
};

/** What the simulation makes of the given types: an entry for each, the values for all types applied. */
export const resolveSimulation = (
  { durationMs, failureRate, types }: Sections['simulation'],
  workerTypes: readonly string[],
): Sections['simulation'] => {
  const names = new Set([...Object.keys(types), ...workerTypes]);
  const over = { ...(durationMs && { durationMs }), ...(failureRate !== null && { failureRate }) };
  return { durationMs, failureRate, types: Object.fromEntries([...names].map((name) => [name, { ...(types[name] ?? OTHER_TYPE), ...over }])) };
};

/** How tasks behave that are only simulated. */
export const simulation: Spec<Sections['simulation']> = {
  durationMs: setting(
    nullable(range),
    null,
    'SIMULATION_DURATION_MS',
    'How long simulated tasks of every type take, in place of what each type says.',
  ),
  failureRate: setting(
    nullable(fraction),
    null,
    'SIMULATION_FAILURE_RATE',
    'How often simulated tasks of every type fail, in place of what each type says.',
  ),
  types: {
    reader: simulatedTypes,
    fallback: BUILT_IN,
    env: 'SIMULATION_TYPES',
    about: 'How simulated tasks of each type behave (as a variable: JSON).',
    merge: mergeTypes,
  },
};
