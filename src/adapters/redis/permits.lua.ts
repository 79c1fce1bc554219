/** Scripts about the slots and rates of limits. The keys are those of slots.lua.ts; a rate's is prefix .. 'r:' .. its name. */
import { script } from './connection';
import { CLAIM } from './claims.lua';

/** A rate is one number: the time, in microseconds, at which the last start that was allowed would be due if all came evenly. */
const RATES = `
local micros = tonumber(time[1]) * 1000000 + tonumber(time[2])
local function dueAt(name) return math.max(tonumber(redis.call('GET', p .. 'r:' .. name) or '0'), micros) end
local function waitOf(name, perSecond, burst)
  local early = dueAt(name) - (burst - 1) * 1000000 / perSecond - micros
  return early > 0 and math.ceil(early / 1000) or 0
end
local function spend(name, perSecond)
  local due = dueAt(name) + 1000000 / perSecond
  redis.call('SET', p .. 'r:' .. name, string.format('%.0f', due), 'PX', string.format('%.0f', math.ceil((due - micros) / 1000) + 1))
end
`;

/**
 * key, dispatch, session, how many limits, how many rates, limit, maximum, …, rate, per second, burst, …, … → 'w' wait | 'g' granted |
 * 'f<limit>' full | 'r<ms> <rate>' later, for each
 */
export const RESERVE_BATCH = script(`${CLAIM}${RATES}
local all = not remembers() and 'w' or nil
local answer = {}
local i = 4
while i <= #ARGV do
  local task, dispatch, session = ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2]
  local first, last = i + 5, i + 3 + 2 * tonumber(ARGV[i + 3])
  local rates, lastRate = last + 2, last - 1 + 3 * tonumber(ARGV[i + 4])
  i = lastRate + 3
  local say = all
  if not say then
    local full = fullOne(task, first, last)
    if full then say = 'f' .. full end
  end
  for at = rates, lastRate, 3 do
    local ms = say and 0 or waitOf(ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]))
    if ms > 0 then say = string.format('r%.0f %s', ms, ARGV[at]) end
  end
  if not say then
    for at = first, last, 2 do
      local value = redis.call('HGET', slots(ARGV[at]), task)
      local slot = value and slotOf(value) or nil
      -- Whoever runs it keeps its mark: the claim is refused as long as that lasts.
      if not slot or not runs(task, slot) then put(ARGV[at], task, 'U', dispatch, session) end
    end
    for at = rates, lastRate, 3 do spend(ARGV[at], tonumber(ARGV[at + 1])) end
    say = 'g'
  end
  answer[#answer + 1] = say
end
return answer
`);

/** key, dispatch, how many limits, limit, …, … → ['w'] where nobody can know, or for each 1 where its slots are free, 0 where a live session has them */
export const PERMITS_OVER = script(`${CLAIM}
if not remembers() then return { 'w' } end
local answer = {}
local i = 4
while i <= #ARGV do
  local task, dispatch, first, last = ARGV[i], tonumber(ARGV[i + 1]), i + 3, i + 2 + tonumber(ARGV[i + 2])
  i = last + 1
  local free = 1
  for at = first, last do
    local value = redis.call('HGET', slots(ARGV[at]), task)
    local slot = value and slotOf(value) or nil
    if slot and slot.dispatch <= dispatch then
      if runs(task, slot) then free = 0 else redis.call('HDEL', slots(ARGV[at]), task) end
    end
  end
  answer[#answer + 1] = free
end
return answer
`);

/** limit, … → ['w'] where absence proves nothing, or how many slots are taken of each */
export const TAKEN = script(`${CLAIM}
if not remembers() then return { 'w' } end
local answer = {}
for i = 4, #ARGV do
  sweep(ARGV[i])
  answer[#answer + 1] = redis.call('HLEN', slots(ARGV[i]))
end
return answer
`);

/** rate, per second, burst, … → ['w'] where nobody can know, or milliseconds until the next start of each */
export const WAITS = script(`${CLAIM}${RATES}
if not remembers() then return { 'w' } end
local answer = {}
for i = 4, #ARGV, 3 do answer[#answer + 1] = waitOf(ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])) end
return answer
`);
