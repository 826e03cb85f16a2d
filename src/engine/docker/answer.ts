import { custom, getDotPath, safeParse, type GenericSchema } from 'valibot';

import {
  parseContainerId,
  parseExecId,
  parseImageId,
  type ContainerId,
  type ExecId,
  type ImageId,
} from '../identifiers.ts';
import { EngineRefusal, type RefusalKind } from '../refusal.ts';

/**
 * Reads the JSON that the engine answered a request with. Keys that the schema does not name are left out. Throws an
 * `EngineRefusal` of kind `other` if the answer does not match the schema: something else than an engine answered.
 */
export async function readAnswer<Value>(
  schema: GenericSchema<unknown, Value>,
  request: Promise<unknown>,
): Promise<Value> {
  const { success, output, issues } = safeParse(schema, await request);
  if (success) return output;
  const [{ message }] = issues;
  const place = getDotPath(issues[0]);
  throw new EngineRefusal(200, `unexpected answer${place === null ? '' : ` at ${place}`}: ${message}`);
}

/** The answer to a request; undefined if the engine says that the object does not exist. */
export async function unlessAbsent<T>(request: Promise<T>): Promise<T | undefined> {
  return await unlessRefused(request, 'absent');
}

/** The answer to a request; undefined if the engine refuses it for that reason. */
export async function unlessRefused<T>(request: Promise<T>, kind: RefusalKind): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof EngineRefusal && error.kind === kind) return undefined;
    throw error;
  }
}

const isText = (parse: (text: string) => string | undefined) => (value: unknown) =>
  typeof value === 'string' && parse(value) !== undefined;

/** The id of a container in an answer of the engine. */
export const containerId = custom<ContainerId>(isText(parseContainerId), 'not the id of a container');

/** The id of an exec in an answer of the engine. */
export const execId = custom<ExecId>(isText(parseExecId), 'not the id of an exec');

/** The id of an image in an answer of the engine. */
export const imageId = custom<ImageId>(isText(parseImageId), 'not the id of an image');
