// Prints the id of the container that this program runs in, as JSON. Run in containers by the tests.
import { connectEngine } from '../../../src/engine/docker/connect-engine.ts';
import { findOwnContainer } from '../../../src/engine/own-container.ts';

const own = await findOwnContainer(await connectEngine(process.env));
process.stdout.write(JSON.stringify(own?.id ?? null));
