import { fieldsText } from '../../src/core/logLine';

test.each([
  ['nothing', undefined],
  ['a function', () => 1],
  ['a symbol', Symbol('a')],
  ['what has no text', { toJSON: () => undefined }],
  ['what can not be written', { toJSON: () => JSON.parse('{') as unknown }],
])('%s is no fields, and no error', (_what, fields) => {
  expect(fieldsText(fields as never)).toBeNull();
});
