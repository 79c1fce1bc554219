/** Slots and rates of limits in Redis. */
import type { PermitAnswer, Permits } from '../../ports/permits';
import { AT_ONCE, keyOf, mustRemember } from './claims';
import type { Script } from './connection';
import type { Ask } from './keyspace';
import { PERMITS_OVER, RESERVE_BATCH, TAKEN, WAITS } from './permits.lua';

const answerOf = (answer: string): PermitAnswer => {
  switch (answer[0]) {
    case 'g':
      return { kind: 'granted' };
    case 'f':
      return { kind: 'full', key: answer.slice(1) };
    case 'r': {
      const space = answer.indexOf(' ');
      return { kind: 'later', ms: Number(answer.slice(1, space)), key: answer.slice(space + 1) };
    }
    default:
      return { kind: 'wait' };
  }
};

export const createRedisPermits = ({ ask }: { readonly ask: Ask }): Permits => {
  const inChunks = async <T>(script: Script, items: readonly T[], argsOf: (item: T) => string[]): Promise<string[]> => {
    const answers: string[] = [];
    for (let i = 0; i < items.length; i += AT_ONCE) answers.push(...(await ask(script, items.slice(i, i + AT_ONCE).flatMap(argsOf))));
    return answers;
  };
  const known = async <T>(script: Script, items: readonly T[], argsOf: (item: T) => string[]): Promise<string[]> => {
    const answers = await inChunks(script, items, argsOf);
    mustRemember(answers);
    return answers;
  };
  return {
    reserve: async (wanted) => {
      const answers = await inChunks(RESERVE_BATCH, wanted, (each) => [
        ...[keyOf(each), String(each.dispatch), each.session, String(each.slots.length), String(each.rates.length)],
        ...each.slots.flatMap(({ key, max }) => [key, String(max)]),
        ...each.rates.flatMap(({ key, perSecond, burst }) => [key, String(perSecond), String(burst)]),
      ]);
      return answers.map(answerOf);
    },
    free: async (over) => {
      const answers = await known(PERMITS_OVER, over, (each) => [keyOf(each), String(each.dispatch), String(each.slots.length), ...each.slots]);
      return answers.map((answer) => answer === '1');
    },
    taken: async (keys) => (await known(TAKEN, keys, (key) => [key])).map(Number),
    waits: async (rates) => (await known(WAITS, rates, ({ key, perSecond, burst }) => [key, String(perSecond), String(burst)])).map(Number),
  };
};
