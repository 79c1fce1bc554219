/** The smallest shapes that the API's answers are made of. */
import { ref, type Json } from './openapiWords';

export const text: Json = { type: 'string' };
export const textOrNull: Json = { type: ['string', 'null'] };
export const count: Json = { type: 'integer', minimum: 0 };
export const ms: Json = { type: 'number', minimum: 0 };
export const uuid: Json = { type: 'string', format: 'uuid' };
export const time: Json = { type: 'string', format: 'date-time' };
export const timeOrNull: Json = { type: ['string', 'null'], format: 'date-time' };
export const list = (items: Json): Json => ({ type: 'array', items });
export const orNull = (schema: Json): Json => ({ anyOf: [schema, { type: 'null' }] });
export const object = (properties: Readonly<Record<string, Json>>, optional: readonly string[] = []): Json => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
});
export const page = (name: string): Json => object({ items: list(ref(name)), nextCursor: { type: ['string', 'null'] } });
