/** Reads what people hand over: JSON or YAML, from a file or from the standard input. */
import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { parseDocument } from 'yaml';
import { usageError } from './exitCodes';

const bytesOf = async (file: string, stdin: Readable): Promise<Buffer> => {
  try {
    return file === '-' ? await buffer(stdin) : await readFile(file);
  } catch (error) {
    throw usageError(`${file} can't be read: ${error instanceof Error ? error.message : String(error)}`);
  }
};

const isGzip = (bytes: Buffer): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** The text of a file, or of the standard input for `-`; gzip is unpacked. */
export const readText = async (file: string, stdin: Readable): Promise<string> => {
  const bytes = await bytesOf(file, stdin);
  try {
    return (isGzip(bytes) ? gunzipSync(bytes) : bytes).toString('utf8');
  } catch {
    throw usageError(`${file} is a damaged gzip file`);
  }
};

export const parseJson = (text: string, place: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw usageError(`${place} is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
};

const parseYaml = (text: string, place: string): unknown => {
  const document = parseDocument(text, { prettyErrors: true });
  const [error] = document.errors;
  if (error !== undefined) throw usageError(`${place} is no YAML: ${error.message.trim()}`);
  try {
    return document.toJS();
  } catch (error) {
    // Aliases that lead nowhere, or that would make a small file enormous.
    throw usageError(`${place} can't be read as YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
};

/** JSON begins with a bracket; whatever its name, the rest is YAML. */
export const parseDocumentText = (text: string, place: string): unknown =>
  (/\.json(\.gz)?$/.test(place) || /^\s*[[{]/.test(text)) && !/\.ya?ml$/.test(place) ? parseJson(text, place) : parseYaml(text, place);

/** One document of a file, or of the standard input for `-`. */
export const readDocument = async (file: string, stdin: Readable): Promise<unknown> => {
  const [text, place] = [await readText(file, stdin), file === '-' ? 'the standard input' : file];
  if (text.trim() === '') throw usageError(`${place} is empty`);
  return parseDocumentText(text, place);
};

/** A JSON value as an argument gives it: the text itself, or `@FILE` (`@-` for the standard input). */
export const readPayload = async (given: string, stdin: Readable): Promise<unknown> =>
  given.startsWith('@') ? await readDocument(given.slice(1), stdin) : parseJson(given, 'the argument');
