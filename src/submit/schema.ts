/** The JSON schemas (draft 2020-12) of a submission, made from what the DTOs are decorated with. */
import { defaultMetadataStorage } from 'class-transformer/cjs/storage';
import { validationMetadatasToSchemas } from 'class-validator-jsonschema';
import { DagDto } from './dto';

export interface JsonSchema {
  [keyword: string]: unknown;
  properties?: Record<string, JsonSchema>;
  required?: string[];
}

const NULL = { type: 'null' };

/** The same schema, met by null too: to clients null means that nothing is said. */
const orNull = ({ $ref, ...rest }: JsonSchema): JsonSchema => {
  if ($ref !== undefined) return { ...rest, anyOf: [{ $ref }, NULL] };
  if (Array.isArray(rest.anyOf)) return { ...rest, anyOf: [...(rest.anyOf as unknown[]), NULL] };
  if (rest.type === undefined) return rest;
  return { ...rest, type: [rest.type, 'null'], ...(Array.isArray(rest.enum) ? { enum: [...(rest.enum as unknown[]), null] } : {}) };
};

const closed = (schema: JsonSchema): JsonSchema => {
  const required = schema.required ?? [];
  const properties = Object.entries(schema.properties ?? {}).map(([name, property]) => [name, required.includes(name) ? property : orNull(property)]);
  return { ...schema, properties: Object.fromEntries(properties) as Record<string, JsonSchema>, additionalProperties: false };
};

/**
 * Schemas of a DAG, a task and their parts by class name; references between them start with `prefix`. Objects are
 * closed, and what is optional may be null.
 */
export const submissionSchemas = (prefix: string): Record<string, JsonSchema> => {
  const all = validationMetadatasToSchemas({ classTransformerMetadataStorage: defaultMetadataStorage, refPointerPrefix: prefix }) as Record<
    string,
    JsonSchema
  >;
  const wanted = [DagDto.name, 'TaskDto', 'BackoffDto', 'SimulationDto', 'RateLimitDto'];
  return Object.fromEntries(wanted.map((name) => [name, closed(all[name]!)]));
};
