/** The settings by which slots are shared out, and what can't be true of them together. */
import { duration, fraction, fromJson, isExpected, isObject, numberFrom, reader, type Reader } from './readers';
import { setting, type Spec } from './setting';
import type { Config, FairnessConfig, FlowConfig } from './shape';

const LONGEST_NAME = 256;
const WEIGHT = numberFrom(0.01, 1000);

const readFlow = (given: unknown): FlowConfig | undefined => {
  if (!isObject(given)) return undefined;
  const { weight: givenWeight, reserved: givenReserved, ...unknown } = given;
  const weight = WEIGHT.read(givenWeight ?? 1);
  const reserved = fraction.read(givenReserved ?? 0);
  if (Object.keys(unknown).length > 0 || isExpected(weight) || isExpected(reserved)) return undefined;
  return { weight: weight.value, reserved: reserved.value };
};

/** `{tenant: {weight?, reserved?}}` */
const flows: Reader<Readonly<Record<string, FlowConfig>>> = reader(
  'a map of tenants or names of DAGs, each {weight: 0.01 to 1000, reserved: 0 to 1}',
  (given) => {
    const raw = typeof given === 'string' ? fromJson(given) : (given ?? {});
    if (!isObject(raw)) return undefined;
    const read = Object.entries(raw).map(([name, flow]): [string, FlowConfig | undefined] => [name, readFlow(flow)]);
    if (read.some(([name, flow]) => name === '' || name.length > LONGEST_NAME || flow === undefined)) return undefined;
    return Object.fromEntries(read as [string, FlowConfig][]);
  },
);

export const fairness: Spec<FairnessConfig> = {
  ageingMs: setting(
    duration(0, 604_800_000),
    60_000,
    'FAIRNESS_AGEING_MS',
    'A ready task counts one priority higher for each such time that it has waited, within a fifth of what is handed out; 0: never.',
  ),
  flows: setting(
    flows,
    {},
    'FAIRNESS_FLOWS',
    'How slots are shared out among tenants, or among names of DAGs without one (as a variable: JSON): by weight, 1 for those that are not ' +
      'listed, and with a part reserved. All schedulers must be told the same.',
  ),
};

const MOST_RESERVED = 0.8;

/** What is reserved must leave room: a fifth is for what nothing is reserved for, and for what has aged. */
export const fairnessContradictions = ({ fairness: given }: Config, of: (path: string) => string): string[] => {
  const reserved = Object.values(given.flows).reduce((sum, flow) => sum + flow.reserved, 0);
  return reserved <= MOST_RESERVED + 1e-9
    ? []
    : [
        `fairness.flows (${of('fairness.flows')}) reserve ${String(Math.round(reserved * 100) / 100)} together, and at most ${String(MOST_RESERVED)} may be reserved: lower some`,
      ];
};
