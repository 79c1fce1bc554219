import { REDACTED_NAMES, redactionOf } from '../../src/core/redact';

const redaction = redactionOf(REDACTED_NAMES);

test.each([
  [
    { password: 'x', user: 'ann' },
    { password: '***', user: 'ann' },
  ],
  [
    { headers: { Authorization: 'Bearer abc', 'X-Api-Key': 'k', Accept: '*/*' } },
    { headers: { Authorization: '***', 'X-Api-Key': '***', Accept: '*/*' } },
  ],
  [
    { list: [{ dbPassword: 1 }, { apiKey: ['a'] }, { set_cookie: 'c' }] },
    { list: [{ dbPassword: '***' }, { apiKey: '***' }, { set_cookie: '***' }] },
  ],
  [
    { secret: null, url: 'postgres://ann:pw@host/db' },
    { secret: null, url: 'postgres://ann:***@host/db' },
  ],
])('values under secret names are left out of %j', (given, expected) => {
  expect(redaction.value(given)).toEqual(expected);
});

test('what is deep, a class or a cycle neither leaks nor loops', () => {
  const loop: Record<string, unknown> = { token: 'x' };
  loop['self'] = loop;
  expect(JSON.stringify(redaction.value(loop))).not.toContain('"x"');
  const date = new Date(0);
  expect(redaction.value({ date })).toEqual({ date });
});

test.each([
  ['redis://:pw@host:6379/0 is away', 'redis://:***@host:6379/0 is away'],
  ['login password=hunter2&x=1', 'login password=***&x=1'],
  ["{ password: 'it is', n: 1 }", '{ password: ***, n: 1 }'],
  ['{"access_token":"a\\"b","n":1}', '{"access_token":***,"n":1}'],
  ['authorization: Bearer abc.def', 'authorization: ***'],
  ['API-KEY = k', 'API-KEY = ***'],
  ['nothing to hide: 12 keys', 'nothing to hide: 12 keys'],
])('texts: %s', (given, expected) => {
  expect(redaction.text(given)).toBe(expected);
});

test('a long line is looked through in no time', () => {
  const begun = performance.now();
  for (const text of [
    'a'.repeat(100_000),
    'password'.repeat(10_000),
    `password="${'\\"'.repeat(50_000)}`,
    '://'.repeat(30_000),
    'token: '.repeat(10_000),
  ])
    redaction.text(text);
  expect(performance.now() - begun).toBeLessThan(1000);
});

test('no names, nothing left out but passwords of URLs', () => {
  const none = redactionOf([]);
  expect(none.value({ password: 'x' })).toEqual({ password: 'x' });
  expect(none.text('password=x amqp://a:b@c')).toBe('password=x amqp://a:***@c');
});
