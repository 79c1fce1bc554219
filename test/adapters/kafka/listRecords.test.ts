import { listRecords } from '../../../src/adapters/kafka/listRecords';

test('a list of any script is divided so that no record is larger than the limit, in order', () => {
  const { encode, decode } = listRecords<string>('events', 1_000);
  const items = Array.from({ length: 100 }, (_, i) => `${String(i)} 試験 "quoted"`);
  const records = encode(items);
  const values = records.map(({ value }) => value);
  expect(values.length).toBeGreaterThan(2);
  expect(Math.max(...values.map((value) => Buffer.byteLength(value)))).toBeLessThan(1_200);
  expect(values.flatMap((value) => decode(Buffer.from(value)))).toEqual(items);
  expect(records.reduce((sum, { count }) => sum + count, 0)).toBe(items.length);
  expect(encode([])).toEqual([]);
  expect(encode(['試'.repeat(1_000)])).toHaveLength(1);
});

test.each(['null', '[]', '{"v":2,"events":[]}', '{"v":1}', '{"v":1,"chunks":[]}', '{'])('%s is no such list', (text) => {
  expect(() => listRecords('events', 1_000).decode(Buffer.from(text))).toThrow();
});
