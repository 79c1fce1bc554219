/** Rules of submissions that class-validator hasn't got: each is its JSON schema and the same as a function. */
import { ValidateBy } from 'class-validator';
import { JSONSchema } from 'class-validator-jsonschema';
import { STORABLE } from '../core/boundedText';
import { POOL_PATTERN } from '../core/dag';

export const LONGEST_NAME = 512;
export const LONGEST_TAG = 128;
export const MOST_TAGS = 32;

const storable = new RegExp(STORABLE, 'u');

/** Characters as JSON schema counts them: code points. */
const isText = (value: unknown, longest: number, shortest = 1): boolean => {
  if (typeof value !== 'string' || value.length < shortest || !storable.test(value)) return false;
  return value.length <= longest || (value.length <= 2 * longest && Array.from(value).length <= longest);
};

const textSchema = (longest: number, shortest = 1): object => ({ type: 'string', minLength: shortest, maxLength: longest, pattern: STORABLE });

/** A rule of our own: its name, its JSON schema, and the same rule as a function. */
export interface Rule {
  readonly name: string;
  readonly schema: object;
  readonly holds: (value: unknown) => boolean;
  readonly sentence: string;
}

/** A property for which a rule holds, and its description in the schema. */
export const Holds = ({ name, schema, holds, sentence }: Rule): PropertyDecorator => {
  const validate = ValidateBy({ name, validator: { validate: holds, defaultMessage: () => sentence } });
  const describe = JSONSchema(schema as Parameters<typeof JSONSchema>[0]);
  return (target, key) => {
    validate(target, key);
    describe(target, key as string);
  };
};

/** A text that can be stored. */
export const Text = (longest: number, { shortest = 1, ...description }: { shortest?: number; description?: string } = {}): PropertyDecorator =>
  Holds({
    name: 'text',
    schema: { ...description, ...textSchema(longest, shortest) },
    holds: (value) => isText(value, longest, shortest),
    sentence: `must be a text of ${shortest} to ${longest} characters, without NUL and without half surrogate pairs`,
  });

/** The longest element that a list of texts may have, by the property's name: what finds the wrong elements of a wrong list. */
export const LISTS: Readonly<Record<string, number>> = { tags: LONGEST_TAG, dependencies: LONGEST_NAME, noRetryOn: LONGEST_TAG };

/** The indexes of wrong elements in a list of texts; empty for anything else. */
export const wrongElements = (property: string, value: unknown): number[] => {
  const longest = LISTS[property];
  if (longest === undefined || !Array.isArray(value)) return [];
  return value.flatMap((element, i) => (isText(element, longest) ? [] : [i]));
};

/** A list of such texts. */
export const Texts = (property: string, { most, ...description }: { most?: number; description?: string } = {}): PropertyDecorator =>
  Holds({
    name: 'texts',
    schema: { ...description, type: 'array', items: textSchema(LISTS[property]!), ...(most === undefined ? {} : { maxItems: most }) },
    holds: (value) => Array.isArray(value) && value.length <= (most ?? Infinity) && wrongElements(property, value).length === 0,
    sentence: `must be a list of ${most === undefined ? '' : `at most ${most} `}texts of 1 to ${LISTS[property]!} characters`,
  });

/** Of a pool, and of a rate. */
export const NAME: Rule = {
  name: 'pool',
  schema: { type: 'string', pattern: POOL_PATTERN },
  holds: (value) => typeof value === 'string' && new RegExp(POOL_PATTERN, 'u').test(value),
  sentence: 'must be a name of 1 to 64 letters, digits, _, - and .',
};
