/** What waits at each scheduler, and what the leader makes of it, in Redis. */
import type { Judgement, Load, LoadBoard } from '../../ports/scaling';
import { script } from './connection';
import type { Ask } from './keyspace';

const FORGOTTEN_AFTER_MS = 3000;

const NOW = `
local p = ARGV[1]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
`;

/** scheduler, waiting, sent, ended, milliseconds until forgotten → [] */
const PUBLISH = script(`${NOW}
local till = string.format('%.0f', now + tonumber(ARGV[8]))
redis.call('HSET', p .. 'loads', ARGV[4], table.concat({ till, ARGV[5], ARGV[6], ARGV[7] }, ' '))
return {}
`);

/** scheduler to forget or '' → [scheduler, "waiting sent ended", …] of those that were heard of lately */
const LOADS = script(`${NOW}
if ARGV[4] ~= '' then redis.call('HDEL', p .. 'loads', ARGV[4]) end
local answer = {}
local all = redis.call('HGETALL', p .. 'loads')
for i = 1, #all, 2 do
  local till, load = string.match(all[i + 1], '^(%d+) (.*)$')
  if tonumber(till) <= now then
    redis.call('HDEL', p .. 'loads', all[i])
  else
    answer[#answer + 1] = all[i]
    answer[#answer + 1] = load
  end
end
return answer
`);

/** judgement, milliseconds until forgotten → [] */
const JUDGE = script(`redis.call('SET', ARGV[1] .. 'scaling', ARGV[4], 'PX', ARGV[5]) return {}`);
/** → [judgement] */
const JUDGEMENT = script(`local text = redis.call('GET', ARGV[1] .. 'scaling') return text and { text } or {}`);

const loadsIn = (pairs: readonly string[]): Map<string, Load> => {
  const loads = new Map<string, Load>();
  for (let i = 0; i < pairs.length; i += 2) {
    const [waiting = 0, sent = 0, ended = 0] = pairs[i + 1]!.split(' ').map(Number);
    loads.set(pairs[i]!, { waiting, sent, ended });
  }
  return loads;
};

export const createRedisLoadBoard = ({ ask }: { readonly ask: Ask }): LoadBoard => ({
  publish: async (scheduler, { waiting, sent, ended }) => {
    await ask(PUBLISH, [scheduler, String(waiting), String(sent), String(ended), String(FORGOTTEN_AFTER_MS)]);
  },
  withdraw: async (scheduler) => [...loadsIn(await ask(LOADS, [scheduler])).keys()],
  loads: async () => loadsIn(await ask(LOADS, [''])),
  judge: async (judgement, ms) => {
    await ask(JUDGE, [JSON.stringify(judgement), String(Math.round(ms))]);
  },
  judgement: async () => {
    const [text] = await ask(JUDGEMENT, []);
    return text === undefined ? undefined : (JSON.parse(text) as Judgement);
  },
});
