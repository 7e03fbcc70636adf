/**
 * Delivery of whole outputs to OSS. The rule: a bucket is a directory of the simulator's own, and how a delivery goes
 * never decides how the command goes.
 *
 * What the service does not document is chosen here and listed in docs/simulator-commands.md: the name of the object,
 * the words of the status, and that the codes are those of OSS itself.
 */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Simulation } from '../simulation';

/** What can be wrong with a bucket. */
export const BUCKET_STATES = ['writable', 'missing', 'forbidden'] as const;
export type BucketState = (typeof BUCKET_STATES)[number];

/** What an execution tells of its delivery. */
export interface OssOutput {
  status: 'InProgress' | 'Finished' | 'Failed';
  uri: string;
  errorCode: string;
  errorInfo: string;
}

const REFUSALS: Readonly<Record<Exclude<BucketState, 'writable'>, { errorCode: string; errorInfo: string }>> =
  {
    missing: { errorCode: 'NoSuchBucket', errorInfo: 'The specified bucket does not exist.' },
    forbidden: { errorCode: 'AccessDenied', errorInfo: 'You have no right to access this object.' },
  };

/** A script that writes without end must not fill the disk. */
const MOST_BYTES = 100 * 1024 * 1024;
const TOO_LARGE = {
  errorCode: 'EntityTooLarge',
  errorInfo: 'Your proposed upload exceeds the maximum allowed object size.',
};

/** `oss://BUCKET/PREFIX`. */
export const OSS_PLACE = /^oss:\/\/([a-z0-9][a-z0-9-]{1,61}[a-z0-9])(\/.*)?$/;

/** A delivery under way. */
export interface Delivery {
  readonly output: OssOutput;
  write(chunk: Buffer): void;
  end(): void;
}

/** The buckets of the account. */
export class OssBuckets {
  private readonly states = new Map<string, BucketState>();

  constructor(private readonly simulation: Simulation) {}

  /** A bucket nobody spoke of can be written to. */
  set(bucket: string, state: BucketState): void {
    this.states.set(bucket, state);
  }

  /** Begins a delivery to `place`; `name` tells it from the others there. */
  open(place: string, name: string): Delivery | undefined {
    const [, bucket = '', prefix = ''] = OSS_PLACE.exec(place) ?? [];
    if (bucket === '') return undefined;
    const state = this.states.get(bucket) ?? 'writable';
    if (state !== 'writable') return refused({ status: 'Failed', uri: '', ...REFUSALS[state] });
    const parts = `${prefix}/${name}.txt`.split('/').filter((part) => !/^\.{0,2}$/.test(part));
    const path = this.pathOf(bucket, parts.join('/'));
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, '', { mode: 0o600 });
    const uri = `oss://${bucket}/${parts.join('/')}`;
    const output: OssOutput = { status: 'InProgress', uri, errorCode: '', errorInfo: '' };
    let room = MOST_BYTES;
    return {
      output,
      write: (chunk) => {
        appendFileSync(path, chunk.subarray(0, room));
        room = Math.max(0, room - chunk.length);
      },
      end: () =>
        Object.assign(output, room === 0 ? { status: 'Failed', ...TOO_LARGE } : { status: 'Finished' }),
    };
  }

  /** The file that stands for an object. */
  pathOf(bucket: string, key: string): string {
    return join(this.simulation.directoryOf({ regionId: 'oss', instanceId: bucket }), key);
  }
}

function refused(output: OssOutput): Delivery {
  return { output, write: () => undefined, end: () => undefined };
}
