/**
 * A TCP link between a worker and its Temporal server that can be frozen: what the worker says from then on arrives no
 * more. So a test can hold open the moment in which a worker knows something that the server does not.
 *
 * The one rule: bytes pass unchanged or not at all.
 */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export interface FrozenLink {
  /** What the worker is told as the server's address. */
  address: string;
  /** From now on nothing of the worker gets through. */
  freeze(): void;
  /** Bytes the worker has sent in vain. */
  heldBytes(): number;
  close(): Promise<void>;
}

export async function createFrozenLink(serverPort: number): Promise<FrozenLink> {
  const sockets = new Set<Socket>();
  let frozen = false;
  let held = 0;
  const server = createServer((worker) => {
    const upstream = connect(serverPort, '127.0.0.1');
    for (const socket of [worker, upstream]) {
      sockets.add(socket);
      socket
        .on('error', () => undefined)
        .on('close', () => {
          sockets.delete(socket);
          worker.destroy();
          upstream.destroy();
        });
    }
    worker.on('data', (data) => {
      if (frozen) held += data.length;
      else upstream.write(data);
    });
    upstream.on('data', (data) => worker.write(data));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    freeze: () => void (frozen = true),
    heldBytes: () => held,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
