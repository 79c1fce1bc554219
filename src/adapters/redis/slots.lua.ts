/**
 * What scripts do with the slots of limits. The slots of a limit are a hash at prefix .. 'l:' .. limit: dag/task → text,
 *
 *   "state dispatch session since"      state: U reserved, C claimed, D claimed by a session that is over; since in Redis's milliseconds
 *
 * so that who has one is known, and nothing is counted that could be counted wrong. It is read by scripts that know `read` and `live`.
 */

/**
 * A dispatch is claimed some milliseconds after it was sent. One that comes later takes a slot where there is one, and goes back where there
 * is none: so this may be short, and a scheduler that dies before it sends keeps others waiting no longer than a dispatch that is lost.
 */
const UNCLAIMED_MS = 10_000;
/**
 * Who is cut off from here alone may run on, and its loss frees the slot. That is all but lost where its scheduler dies with that knowledge:
 * then this does.
 */
const OVER_MS = 10_000;
/** A limit that nobody has touched for so long is nobody's; long executions say their claims again each hour, with their slots. */
const KEEP_MS = 24 * 3_600_000;

export const SLOTS = `
local function slots(name) return p .. 'l:' .. name end

local function put(name, task, state, dispatch, session)
  redis.call('HSET', slots(name), task, string.format('%s %.0f %s %.0f', state, dispatch, session, now))
  redis.call('PEXPIRE', slots(name), '${String(KEEP_MS)}')
end

local function slotOf(value)
  local state, dispatch, session, since = string.match(value, '^(%a) (%d+) (%S+) (%d+)$')
  return { state = state, dispatch = tonumber(dispatch), session = session, since = tonumber(since) }
end

-- Whether its claim is held, be its session live or not.
local function claimed(task, slot)
  local c = read(p .. 'c:' .. task)
  return c ~= nil and c.state == 'H' and c.session == slot.session and c.dispatch == slot.dispatch
end

-- Whether a live session runs with it.
local function runs(task, slot) return slot.state ~= 'U' and live(slot.session) and claimed(task, slot) end

-- Drops what is void. A millisecond for each slot lies between two looks, so that many large limits that are full cost Redis little.
local function sweep(name)
  local size = redis.call('HLEN', slots(name))
  if size == 0 or not redis.call('SET', p .. 'lv:' .. name, '1', 'NX', 'PX', string.format('%.0f', size)) then return end
  local all = redis.call('HGETALL', slots(name))
  for i = 1, #all, 2 do
    local slot = slotOf(all[i + 1])
    local isLive, void = live(slot.session), false
    if slot.state == 'U' then void = not isLive or now - slot.since > ${String(UNCLAIMED_MS)}
    elseif not claimed(all[i], slot) then void = true
    elseif slot.state == 'D' then void = not isLive and now - slot.since > ${String(OVER_MS)} end
    if void then redis.call('HDEL', slots(name), all[i])
    elseif slot.state == 'C' and not isLive then put(name, all[i], 'D', slot.dispatch, slot.session)
    elseif slot.state == 'D' and isLive then put(name, all[i], 'C', slot.dispatch, slot.session) end
  end
end

local function hasRoom(task, name, max)
  if redis.call('HLEN', slots(name)) < max or redis.call('HEXISTS', slots(name), task) == 1 then return true end
  sweep(name)
  return redis.call('HLEN', slots(name)) < max
end

-- The first limit that is full for a task, of those that the arguments name.
local function fullOne(task, first, last)
  for at = first, last, 2 do
    if not hasRoom(task, ARGV[at], tonumber(ARGV[at + 1])) then return ARGV[at] end
  end
  return nil
end

-- The slots of a claim that is granted; answers their limits' names as the claim keeps them.
local function take(task, first, last, c)
  local names = ''
  for at = first, last, 2 do
    put(ARGV[at], task, 'C', c.dispatch, c.session)
    names = names == '' and ARGV[at] or names .. ',' .. ARGV[at]
  end
  return names
end

-- The slots of a claim that ends, unless they are another dispatch's by now.
local function leave(task, c)
  if not c or not c.limits or c.limits == '' then return end
  for name in string.gmatch(c.limits, '[^,]+') do
    local value = redis.call('HGET', slots(name), task)
    local slot = value and slotOf(value) or nil
    if slot and slot.session == c.session and slot.dispatch == c.dispatch then redis.call('HDEL', slots(name), task) end
  end
  c.limits = ''
end
`;
