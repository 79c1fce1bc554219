/**
 * Scripts about who may run what. A task's claim is one text at prefix .. 'c:' .. dag/task:
 *
 *   "state dispatch grant session floor"      state: H held, F finished, R free; behind it the limits that it takes slots of, with commas
 *
 * Numbers are whole and below 2^53, so that Lua's doubles hold them exactly: a grant counts microseconds since 2024 and stays
 * below 2^51 until 2095. The fence, (dispatch << 51) | grant, wouldn't fit: it is put together outside.
 */
import { script } from './connection';
import { PRELUDE } from './sessions.lua';
import { SLOTS } from './slots.lua';

export const CLAIM = `${PRELUDE}
local function parse(value)
  if not value then return nil end
  local state, dispatch, grant, session, floor, limits = string.match(value, '^(%a) (%d+) (%d+) (%S+) (%d+) ?(%S*)$')
  return { state = state, dispatch = tonumber(dispatch), grant = tonumber(grant), session = session, floor = tonumber(floor), limits = limits }
end
local function read(key) return parse(redis.call('GET', key)) end
local function write(key, c, px)
  local text = string.format('%s %.0f %.0f %s %.0f', c.state, c.dispatch, c.grant, c.session, c.floor)
  if c.limits and c.limits ~= '' then text = text .. ' ' .. c.limits end
  redis.call('SET', key, text, 'PX', px)
end
local function held(c) return c ~= nil and c.state == 'H' and live(c.session) end
${SLOTS}`;

/** Below this part of its lease a session has missed two heartbeats of four. */
const RENEWED_SHARE = 0.45;

/**
 * session, ms to keep, then key, dispatch, how many limits, limit, maximum, …, … → 'w' wait | 'e' ended | 's' stale | 'f<limit>' full |
 * 'h<dispatch> <session>' | 'g<dispatch> <grant>' for each
 */
export const CLAIM_BATCH = script(`${CLAIM}
local session, keep = ARGV[4], ARGV[5]
local answer = {}
local all = nil
if not remembers() then all = 'w'
elseif not live(session) then all = 'e'
-- It isn't renewed any more: soon its claims would keep nobody off, while the log alone speaks for it.
elseif left(session) < lease * ${String(RENEWED_SHARE)} then all = 'w' end
local micros = (tonumber(time[1]) - 1704067200) * 1000000 + tonumber(time[2])
local i = 6
while i <= #ARGV do
  local task, dispatch, first, last = ARGV[i], tonumber(ARGV[i + 1]), i + 3, i + 1 + 2 * tonumber(ARGV[i + 2])
  i = last + 2
  local key = p .. 'c:' .. task
  local c = not all and read(key) or nil
  local say = all
  if not say and c then
    local holds = held(c)
    -- The floor was raised over it while its holder was taken for dead: somebody was told that nobody runs it.
    if holds and c.session == session and c.dispatch == dispatch and dispatch < c.floor then
      leave(task, c)
      c.state, c.limits, say = 'R', '', 's'
      write(key, c, keep)
    -- The same again to its holder: the reply was lost.
    elseif holds and c.session == session and c.dispatch == dispatch then
      say = string.format('g%.0f %.0f', c.dispatch, c.grant)
    elseif dispatch < c.floor or dispatch < c.dispatch or (c.state == 'F' and dispatch == c.dispatch) then
      say = 's'
    elseif holds then
      say = string.format('h%.0f %s', c.dispatch, c.session)
    end
  end
  if not say then
    local full = fullOne(task, first, last)
    if full then say = 'f' .. full end
  end
  if not say then
    local granted = { state = 'H', dispatch = dispatch, grant = math.max((c and c.grant or 0) + 1, micros), session = session, floor = c and c.floor or 0 }
    leave(task, c)
    granted.limits = take(task, first, last, granted)
    write(key, granted, keep)
    say = string.format('g%.0f %.0f', dispatch, granted.grant)
  end
  answer[#answer + 1] = say
end
return answer
`);

/** session, ms to keep, then key, dispatch, … → [] */
export const FINISH_BATCH = script(`${CLAIM}
local session = ARGV[4]
for i = 6, #ARGV, 2 do
  local key, dispatch = p .. 'c:' .. ARGV[i], tonumber(ARGV[i + 1])
  local c = read(key)
  if not c or dispatch > c.dispatch or (dispatch == c.dispatch and c.session == session) then
    leave(ARGV[i], c)
    write(key, { state = 'F', dispatch = dispatch, grant = c and c.grant or 0, session = session, floor = c and c.floor or 0 }, ARGV[5])
  end
end
return {}
`);

/** session, ms to keep, then key, dispatch, … → [] */
export const RELEASE_BATCH = script(`${CLAIM}
for i = 6, #ARGV, 2 do
  local key = p .. 'c:' .. ARGV[i]
  local c = read(key)
  if c and c.state == 'H' and c.session == ARGV[4] and c.dispatch == tonumber(ARGV[i + 1]) then
    leave(ARGV[i], c)
    c.state = 'R'
    write(key, c, ARGV[5])
  end
end
return {}
`);

/** session, ms to keep, then key, dispatch, grant, how many limits, limit, maximum, …, … → []; slots are said again whatever the maximum */
export const REASSERT_BATCH = script(`${CLAIM}
local session = ARGV[4]
local i = 6
while i <= #ARGV do
  local task, dispatch, grant, first, last = ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]), i + 4, i + 2 + 2 * tonumber(ARGV[i + 3])
  i = last + 2
  local key = p .. 'c:' .. task
  local c = read(key)
  if not c or (c.dispatch <= dispatch and c.state ~= 'F' and (not held(c) or c.session == session)) then
    local again = { state = 'H', dispatch = dispatch, grant = math.max(c and c.grant or 0, grant), session = session, floor = c and c.floor or 0 }
    leave(task, c)
    again.limits = take(task, first, last, again)
    write(key, again, ARGV[5])
  end
end
return {}
`);

/**
 * ms to keep, then key, dispatch, session that it was sent to or '-', … → ['w'] where nothing may be sent again yet, though all are
 * raised, or for each 'h<dispatch> <session>' | 'r' raised | 'x' raised, and that session isn't live
 */
export const RAISE_BATCH = script(`${CLAIM}
local trusted = remembers()
local answer = {}
for i = 5, #ARGV, 3 do
  local key, dispatch, sentTo = p .. 'c:' .. ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2]
  local c = read(key)
  if held(c) then
    answer[#answer + 1] = string.format('h%.0f %s', c.dispatch, c.session)
  else
    local say = (sentTo == '-' or live(sentTo)) and 'r' or 'x'
    -- Nobody runs it any more; who is cut off, or wasn't asked yet after a loss of memory, may.
    if trusted and say == 'r' then leave(ARGV[i], c) end
    c = c or { state = 'R', dispatch = 0, grant = 0, session = '-', floor = 0 }
    c.floor = math.max(c.floor, dispatch)
    write(key, c, ARGV[4])
    answer[#answer + 1] = say
  end
end
return trusted and answer or { 'w' }
`);

/** key, dispatch, … → ['w'] where absence proves nothing, or 'a' absent | 'f' finished | 'h<dispatch> <session>' for each */
export const HOLDERS_BATCH = script(`${CLAIM}
if not remembers() then return { 'w' } end
local answer = {}
for i = 4, #ARGV, 2 do
  local dispatch = tonumber(ARGV[i + 1])
  local c = read(p .. 'c:' .. ARGV[i])
  local say = 'a'
  if c and (c.dispatch > dispatch or (c.dispatch == dispatch and c.state == 'F')) then say = 'f'
  elseif c and c.dispatch == dispatch and held(c) then say = string.format('h%.0f %s', c.dispatch, c.session) end
  answer[#answer + 1] = say
end
return answer
`);

/** cursor, keys in a step → ['w'] where absence proves nothing, or [cursor, keys in all, "dispatch session key", …] of claims that dead sessions hold */
export const ABANDONED_STEP = script(`${CLAIM}
if not remembers() then return { 'w' } end
-- A prefix is no pattern.
local pattern = string.gsub(p, '[%*%?%[%]\\\\]', '\\\\%0') .. 'c:*'
local found = redis.call('SCAN', ARGV[4], 'MATCH', pattern, 'COUNT', ARGV[5])
local answer = { found[1], redis.call('DBSIZE') }
if #found[2] == 0 then return answer end
-- In one call, and only held ones are taken apart: nearly all are tombstones, and Redis waits for this script.
local values = redis.call('MGET', unpack(found[2]))
for i = 1, #found[2] do
  local c = values[i] and string.sub(values[i], 1, 1) == 'H' and parse(values[i])
  if c and not live(c.session) then
    answer[#answer + 1] = string.format('%.0f %s %s', c.dispatch, c.session, string.sub(found[2][i], #p + 3))
  end
end
return answer
`);

/** ms to keep, then key, dispatch, session, … → ['w'] where absence proves nothing, or [how many were freed] */
export const FREE_BATCH = script(`${CLAIM}
if not remembers() then return { 'w' } end
local freed = 0
for i = 5, #ARGV, 3 do
  local key = p .. 'c:' .. ARGV[i]
  local c = read(key)
  if c and c.state == 'H' and c.dispatch == tonumber(ARGV[i + 1]) and c.session == ARGV[i + 2] and not live(c.session) then
    leave(ARGV[i], c)
    c.state = 'R'
    write(key, c, ARGV[4])
    freed = freed + 1
  end
end
return { freed }
`);

/** ms to keep, then key, … → [] */
export const KEEP_BATCH = script(`${CLAIM}
for i = 5, #ARGV do
  local c = read(p .. 'c:' .. ARGV[i])
  redis.call('PEXPIRE', p .. 'c:' .. ARGV[i], ARGV[4])
  for name in string.gmatch(c and c.limits or '', '[^,]+') do redis.call('PEXPIRE', slots(name), ARGV[4]) end
end
return {}
`);
