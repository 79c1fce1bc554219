/** Where schedulers are reached, in Redis: the hash `schedulers`, scheduler → "till JSON", by Redis's clock. */
import type { SchedulerBook, SchedulerPlace } from '../../ports/schedulers';
import { script } from './connection';
import type { Ask } from './keyspace';

const NOW = `
local key = ARGV[1] .. 'schedulers'
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
`;

/** scheduler, JSON, milliseconds until forgotten → [] */
const PUBLISH = script(`${NOW} redis.call('HSET', key, ARGV[4], string.format('%.0f ', now + tonumber(ARGV[6])) .. ARGV[5]) return {}`);
/** scheduler → [] */
const WITHDRAW = script(`redis.call('HDEL', ARGV[1] .. 'schedulers', ARGV[4]) return {}`);
/** → [JSON, …] */
const ALL = script(`${NOW}
local answer = {}
local all = redis.call('HGETALL', key)
for i = 1, #all, 2 do
  local till, place = string.match(all[i + 1], '^(%d+) (.*)$')
  if tonumber(till) <= now then redis.call('HDEL', key, all[i]) else answer[#answer + 1] = place end
end
return answer
`);

const byName = (a: SchedulerPlace, b: SchedulerPlace): number => (a.scheduler < b.scheduler ? -1 : 1);

export const createRedisSchedulerBook = ({ ask }: { readonly ask: Ask }): SchedulerBook => ({
  publish: async (place, ms) => {
    await ask(PUBLISH, [place.scheduler, JSON.stringify(place), String(Math.round(ms))]);
  },
  withdraw: async (scheduler) => {
    await ask(WITHDRAW, [scheduler]);
  },
  all: async () => (await ask(ALL, [])).map((text) => JSON.parse(text) as SchedulerPlace).sort(byName),
});
