/**
 * The simulator's public door: start one, use it, close it. The rule: loopback only, and nothing outlives close().
 */
import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ACTIONS } from './actions';
import { createControlServer } from './control/server';
import type { FaultSpec } from './core/faults';
import { Gateway } from './core/gateway';
import { makeKeyPair } from './core/keyring';
import type { KeyPair } from './core/keyring';
import type { LaunchSpec } from './model/launch';
import { StateFile } from './model/state-file';
import type { SimulationOptions } from './simulation';
import { Simulation } from './simulation';
import { createEcsServer } from './wire/server';

/** Settings of `startSimulator`; everything has a default. */
export interface SimulatorOptions extends SimulationOptions {
  /** The ECS port; 0, the default, takes a free one. */
  readonly port?: number;
  /** The control port; 0, the default, takes a free one. */
  readonly controlPort?: number;
  readonly controlToken?: string;
  /** The key pair; made for the run unless both are given. */
  readonly accessKeyId?: string;
  readonly accessKeySecret?: string;
  /** Running instances at the start: how many, or which. They lie in the first region unless told. */
  readonly instances?: number | readonly (Omit<LaunchSpec, 'regionId'> & { readonly regionId?: string })[];
  /** How many of the instances that are given by number run Windows: the last ones. */
  readonly windows?: number;
  /** Tags of the instances that are given by number. */
  readonly tags?: Readonly<Record<string, string>>;
  readonly faults?: readonly FaultSpec[];
  /** A file that keeps the state over restarts; where it exists, `instances` is not used. */
  readonly stateFile?: string;
}

/** A running simulator. */
export interface Simulator {
  /** `host:port` of the ECS API. */
  readonly endpoint: string;
  readonly controlUrl: string;
  readonly controlToken: string;
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  /** The first region. */
  readonly regionId: string;
  /** The ids of the instances there were at the start. */
  readonly instanceIds: readonly string[];
  /** The cloud behind the ports, for tests in the same process. */
  readonly simulation: Simulation;
  close(): Promise<void>;
}

const LOOPBACK = '127.0.0.1';

/** Starts a simulator; it is ready when the promise resolves. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const regions = options.regions?.length ? options.regions : ['cn-hangzhou'];
  const regionId = regions[0] ?? 'cn-hangzhou';
  const simulation = new Simulation({ ...options, regions });
  const gateway = new Gateway(simulation, ACTIONS);
  const keys = keyPair(options);
  gateway.keyring.add(keys.accessKeyId, keys.accessKeySecret);
  simulation.faults.set(options.faults ?? []);
  const restored = options.stateFile !== undefined && new StateFile(options.stateFile, simulation).attach();
  if (!restored) for (const spec of firstInstances(options, regionId)) simulation.instances.launch(spec);
  // The sandbox is tried at once where it was asked for by name; else with the first command.
  if (options.exec !== undefined || restored)
    await simulation.assistant.ready().catch(async (error: unknown) => {
      await simulation.close();
      throw error;
    });
  const instanceIds = [...simulation.world.regions.values()].flatMap((region) => [
    ...region.instances.keys(),
  ]);
  const controlToken = options.controlToken ?? randomBytes(24).toString('base64url');
  const ecs = createEcsServer(gateway);
  const control = createControlServer({ simulation, gateway, token: controlToken, regionId });
  try {
    const port = await listen(ecs, options.port ?? 0);
    const controlPort = await listen(control, options.controlPort ?? 0);
    return {
      endpoint: `${LOOPBACK}:${port}`,
      controlUrl: `http://${LOOPBACK}:${controlPort}`,
      controlToken,
      ...keys,
      regionId,
      instanceIds,
      simulation,
      close: () => closeAll([ecs, control], simulation),
    };
  } catch (error) {
    await closeAll([ecs, control], simulation);
    throw error;
  }
}

function keyPair(options: SimulatorOptions): KeyPair {
  const { accessKeyId, accessKeySecret } = options;
  if (accessKeyId !== undefined && accessKeySecret !== undefined) return { accessKeyId, accessKeySecret };
  return makeKeyPair();
}

function firstInstances(options: SimulatorOptions, regionId: string): LaunchSpec[] {
  const { instances = 0, windows = 0 } = options;
  if (typeof instances !== 'number')
    return instances.map((spec) => ({ status: 'Running', ...spec, regionId: spec.regionId ?? regionId }));
  const tags = new Map(Object.entries(options.tags ?? {}));
  return Array.from({ length: instances }, (_, index) => ({
    regionId,
    status: 'Running' as const,
    name: `node-${String(index + 1).padStart(3, '0')}`,
    osType: index < instances - windows ? ('linux' as const) : ('windows' as const),
    tags,
  }));
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, LOOPBACK, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

async function closeAll(servers: readonly Server[], simulation: Simulation): Promise<void> {
  await Promise.all(
    servers.map(
      (server) =>
        new Promise<void>((resolve) => {
          if (!server.listening) return resolve();
          server.close(() => resolve());
          server.closeAllConnections();
        }),
    ),
  );
  await simulation.close();
}
