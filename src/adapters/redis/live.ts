/** What changed and figures, in Redis. */
import { KEPT_MS, LISTENED_MS, MOST_NOTES, SLOT_MS, SLOTS_KEPT, placeOf } from '../../core/live';
import type { DagId } from '../../core/ids';
import type { ChangeFeed, ChangeNote, FigureBoard, SlotFigures } from '../../ports/live';
import { script } from './connection';
import type { Ask } from './keyspace';

/**
 * scheduler, '+' and the DAGs it watches or '', milliseconds that it counts as listening, note or '', milliseconds that notes are kept,
 * the place to read behind ('' for all that are kept, '-' for none) as its id and its memory's word, the most notes
 * → [word of this memory, id of the place to go on from, id since which nothing is missing, number of listeners,
 *    then name and watched DAGs of each, then id and note of each]
 */
const EXCHANGE = script(`
local p = ARGV[1]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local scheduler, watch, listened, note, kept, after, word, most = unpack(ARGV, 4, 11)
local function text(ms) return string.format('%.0f', ms) end
if watch ~= '' then
  redis.call('HSET', p .. 'listeners', scheduler, text(now + tonumber(listened)) .. string.sub(watch, 2))
  redis.call('PEXPIRE', p .. 'listeners', listened)
end
if note ~= '' then
  redis.call('XADD', p .. 'changes', '*', 'n', note)
  redis.call('XTRIM', p .. 'changes', 'MINID', text(now - tonumber(kept)))
  redis.call('PEXPIRE', p .. 'changes', kept)
end
local all = redis.call('HGETALL', p .. 'listeners')
local listeners = {}
for i = 1, #all, 2 do
  local till, dags = string.match(all[i + 1], '^(%d+)(.*)$')
  if tonumber(till) <= now then
    redis.call('HDEL', p .. 'listeners', all[i])
  else
    listeners[#listeners + 1] = all[i]
    listeners[#listeners + 1] = dags
  end
end
if after == '-' and note == '' then return { '', '', '', #listeners / 2, unpack(listeners) } end
local memory = redis.call('GET', p .. 'changes:memory')
if not memory then memory = ARGV[3] end
redis.call('SET', p .. 'changes:memory', memory, 'PX', 10 * tonumber(kept))
local oldest = now - tonumber(kept)
local since = text(oldest) .. '-0'
if word == memory and after ~= '' and after ~= '-' and tonumber(string.match(after, '^(%d+)')) >= oldest then since = after end
local answer = { memory, text(now - 1) .. '-0', since, #listeners / 2, unpack(listeners) }
local newest = redis.call('XREVRANGE', p .. 'changes', '+', '(' .. text(now - 1) .. '-0', 'COUNT', 1)
if #newest > 0 then answer[2] = newest[1][1] end
if after ~= '-' then
  local notes = redis.call('XREVRANGE', p .. 'changes', '+', '(' .. since, 'COUNT', most)
  for i = #notes, 1, -1 do
    answer[#answer + 1] = notes[i][1]
    answer[#answer + 1] = notes[i][2][2]
  end
end
return answer
`);

const watchedIn = (text: string): DagId[] => (text === '' ? [] : (text.trim().split(' ') as DagId[]));

export const createRedisFeed = ({ ask }: { readonly ask: Ask }): ChangeFeed => ({
  exchange: async ({ scheduler, watch, note, after }) => {
    const place = typeof after === 'string' ? placeOf(after) : undefined;
    const behind = after === undefined ? '-' : place === undefined ? '' : `${place.ms}-${place.sequence}`;
    const [memory = '', at = '', since = '', count = '0', ...rest] = await ask(EXCHANGE, [
      scheduler,
      watch === undefined ? '' : `+${watch.map((dag) => ` ${dag}`).join('')}`,
      String(LISTENED_MS),
      note === undefined ? '' : JSON.stringify(note),
      String(KEPT_MS),
      behind,
      place?.memory ?? '',
      String(MOST_NOTES),
    ]);
    const told = rest.splice(0, 2 * Number(count));
    const listeners = new Map<string, readonly DagId[]>();
    for (let i = 0; i < told.length; i += 2) listeners.set(told[i]!, watchedIn(told[i + 1]!));
    const notes: { place: string; note: ChangeNote }[] = [];
    for (let i = 0; i < rest.length; i += 2) notes.push({ place: `${rest[i]!}.${memory}`, note: JSON.parse(rest[i + 1]!) as ChangeNote });
    return { listeners, notes, since: `${since}.${memory}`, place: `${at}.${memory}` };
  },
});

/** scheduler, milliseconds that a slot is kept, then slots and figures → [] */
const PUBLISH = script(`
local p = ARGV[1]
for i = 6, #ARGV, 2 do
  redis.call('HSET', p .. 'figures:' .. ARGV[i], ARGV[4], ARGV[i + 1])
  redis.call('PEXPIRE', p .. 'figures:' .. ARGV[i], ARGV[5])
end
return {}
`);

/** first and last slot → [slot, scheduler, figures, …] */
const FIGURES = script(`
local p = ARGV[1]
local answer = {}
for slot = tonumber(ARGV[4]), tonumber(ARGV[5]) do
  local key = string.format('%.0f', slot)
  local all = redis.call('HGETALL', p .. 'figures:' .. key)
  for i = 1, #all, 2 do
    answer[#answer + 1] = key
    answer[#answer + 1] = all[i]
    answer[#answer + 1] = all[i + 1]
  end
end
return answer
`);

export const createRedisFigures = ({ ask }: { readonly ask: Ask }): FigureBoard => ({
  publish: async (scheduler, slots) => {
    const told = [...slots].flatMap(([slot, figures]) => [String(slot), JSON.stringify(figures)]);
    await ask(PUBLISH, [scheduler, String(SLOT_MS * (SLOTS_KEPT + 12)), ...told]);
  },
  figures: async (from, to) => {
    const texts = await ask(FIGURES, [String(from), String(to)]);
    return Array.from({ length: texts.length / 3 }, (_, i) => ({
      slot: Number(texts[3 * i]),
      scheduler: texts[3 * i + 1]!,
      figures: JSON.parse(texts[3 * i + 2]!) as SlotFigures,
    }));
  },
});
