// Runs in a network namespace of its own. Forwards a TCP port of the namespace's loopback interface to the engine's socket, and
// prints the port. At the first line of standard input it cuts the cable: the interface goes down, and connections stay half open.
import { execFileSync } from 'node:child_process';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

const upstream = (process.env['DOCKER_HOST'] ?? '').replace(/^unix:\/\//, '') || '/var/run/docker.sock';
const setInterface = (state: 'up' | 'down'): void => void execFileSync('ip', ['link', 'set', 'lo', state]);

setInterface('up');
const server = createServer({ allowHalfOpen: true }, (client: Socket) => {
  const engine = connect({ path: upstream, allowHalfOpen: true });
  client.on('error', () => engine.destroy());
  engine.on('error', () => client.destroy());
  client.pipe(engine).pipe(client);
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
process.stdin.once('data', () => {
  setInterface('down');
  process.stdout.write('cut\n');
});
