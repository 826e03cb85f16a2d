import { custom } from 'valibot';

import {
  parseContainerId,
  parseExecId,
  parseImageId,
  type ContainerId,
  type ExecId,
  type ImageId,
} from '../identifiers.ts';

const isText = (parse: (text: string) => string | undefined) => (value: unknown) =>
  typeof value === 'string' && parse(value) !== undefined;

/** The id of a container in an answer of the engine. */
export const containerId = custom<ContainerId>(isText(parseContainerId), 'not the id of a container');

/** The id of an exec in an answer of the engine. */
export const execId = custom<ExecId>(isText(parseExecId), 'not the id of an exec');

/** The id of an image in an answer of the engine. */
export const imageId = custom<ImageId>(isText(parseImageId), 'not the id of an image');
