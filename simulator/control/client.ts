/**
 * A typed client of the control plane, for tests, benchmarks and tools. The rule: no knowledge of the simulator's
 * inside beyond the types of what is sent.
 */
import type { z } from 'zod';
import type { Bill } from '../billing';
import type { ActiveFault, FaultSpec } from '../core/faults';
import type { CallRecord, EffectRecord, LedgerCounts, LedgerQuery, LedgerRecord } from '../core/ledger';
import type { Policy } from '../core/policy';
import type { Switches } from '../core/settings';
import type { ScriptedAnswer, ScriptedAnswerInput } from '../exec/scripted';
import type {
  addInstancesBody,
  bucketBody,
  secretBody,
  stockBody,
  throttleBody,
  updateInstanceBody,
} from './bodies';
import type { CycleStatus, SystemEvent } from '../system-events/model';
import type { raiseEventsBody } from './events';
import type { InstanceSummary } from './instances';
import type { spotPriceBody } from './spot';

/** The state of the simulator's clock. */
export interface ClockState {
  readonly time: number;
  readonly mode: { readonly kind: 'real' | 'fast' | 'driven'; readonly factor?: number };
  readonly pendingTimers: number;
}

/** What `health` answers. */
export interface Health extends ClockState {
  readonly status: 'ok';
  readonly instances: number;
  readonly rss: number;
  readonly heapUsed: number;
}

/** Where the control plane is and what opens it. */
export interface ControlAccess {
  readonly controlUrl: string;
  readonly controlToken: string;
}

/** Drives one simulator. */
export class ControlClient {
  constructor(private readonly access: ControlAccess) {}

  /** That it lives, how much it holds and how much memory that takes. */
  health(): Promise<Health> {
    return this.send('GET', '/health');
  }

  /** Instances with what the API does not tell: boot ids, agents, locks. */
  async instances(regionId?: string): Promise<InstanceSummary[]> {
    const query = regionId === undefined ? '' : `?regionId=${encodeURIComponent(regionId)}`;
    return (await this.send<{ instances: InstanceSummary[] }>('GET', `/instances${query}`)).instances;
  }

  /** Adds instances; they are in `status` (Running unless told) at once. */
  async addInstances(spec: z.input<typeof addInstancesBody> = {}): Promise<string[]> {
    return (await this.send<{ instanceIds: string[] }>('POST', '/instances', spec)).instanceIds;
  }

  /** Changes an instance past the rules of the API. */
  updateInstance(instanceId: string, change: z.input<typeof updateInstanceBody>): Promise<InstanceSummary> {
    return this.send('PATCH', `/instances/${encodeURIComponent(instanceId)}`, change);
  }

  /** Releases an instance at once. */
  removeInstance(instanceId: string): Promise<void> {
    return this.send('DELETE', `/instances/${encodeURIComponent(instanceId)}`);
  }

  /** Reboots an instance from inside its guest, which no event takes for the API's reboot. */
  rebootGuest(instanceId: string): Promise<void> {
    return this.send('POST', `/guest-reboots/${encodeURIComponent(instanceId)}`);
  }

  /** Raises a system event for each instance; 48 hours away unless told. Returns the ids, in order. */
  async raiseEvents(spec: z.input<typeof raiseEventsBody>): Promise<string[]> {
    return (await this.send<{ eventIds: string[] }>('POST', '/events', spec)).eventIds;
  }

  /** System events, open and finished, oldest first. */
  async events(instanceId?: string): Promise<SystemEvent[]> {
    const query = instanceId === undefined ? '' : `?instanceId=${encodeURIComponent(instanceId)}`;
    return (await this.send<{ events: SystemEvent[] }>('GET', `/events${query}`)).events;
  }

  /** Sets another NotBefore, as the provider does when plans change. */
  moveEvent(eventId: string, to: { notBefore: number } | { inMs: number }): Promise<SystemEvent> {
    return this.send('PATCH', `/events/${encodeURIComponent(eventId)}`, to);
  }

  /** The provider takes an event back. */
  cancelEvent(eventId: string): Promise<SystemEvent> {
    return this.setEventStatus(eventId, 'Canceled');
  }

  /** Puts an event into a status at once. */
  setEventStatus(eventId: string, status: CycleStatus): Promise<SystemEvent> {
    return this.send('PATCH', `/events/${encodeURIComponent(eventId)}`, { status });
  }

  /** Gives spot instances notice now; returns when each will be taken. */
  async reclaim(...instanceIds: string[]): Promise<(number | null)[]> {
    return (await this.send<{ due: (number | null)[] }>('POST', '/reclaims', { instanceIds })).due;
  }

  /** Takes notices back. */
  withdrawReclaim(...instanceIds: string[]): Promise<void> {
    return this.send('POST', '/reclaim-withdrawals', { instanceIds });
  }

  /** Sets the spot price of an hour; whoever bid less is taken back. `null` gives it back to the market. */
  setSpotPrice(price: z.input<typeof spotPriceBody>): Promise<void> {
    return this.send('PUT', '/spot-price', price);
  }

  /** Lines of the ledger, oldest first. */
  async ledger(query: LedgerQuery = {}): Promise<LedgerRecord[]> {
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    const search = new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)]));
    return (await this.send<{ records: LedgerRecord[] }>('GET', `/ledger?${search.toString()}`)).records;
  }

  /** The calls that fit, oldest first. */
  async calls(action?: string, query: LedgerQuery = {}): Promise<CallRecord[]> {
    return (await this.ledger({ ...query, kind: 'call', action })) as CallRecord[];
  }

  /** The effects that fit, oldest first. */
  async effects(effect?: string, query: LedgerQuery = {}): Promise<EffectRecord[]> {
    return (await this.ledger({ ...query, kind: 'effect', effect })) as EffectRecord[];
  }

  /** Totals by action, effect and code since the last reset. */
  counts(): Promise<LedgerCounts> {
    return this.send('GET', '/ledger/counts');
  }

  /** Names this moment; `ledger({ sinceMark })` reads from here. */
  async mark(name: string): Promise<number> {
    return (await this.send<{ seq: number }>('POST', `/ledger/marks/${encodeURIComponent(name)}`)).seq;
  }

  /** Forgets the ledger. */
  resetLedger(): Promise<void> {
    return this.send('DELETE', '/ledger');
  }

  /** What instances cost between two moments: from the beginning, until now, all of them unless told. */
  async bill(range: { from?: number; to?: number; instanceIds?: readonly string[] } = {}): Promise<Bill[]> {
    const { from, to, instanceIds } = range;
    const given = Object.entries({ from, to, instanceId: instanceIds?.join(',') });
    const search = new URLSearchParams(
      given.flatMap(([name, value]): [string, string][] =>
        value === undefined ? [] : [[name, String(value)]],
      ),
    );
    return (await this.send<{ bills: Bill[] }>('GET', `/bill?${search.toString()}`)).bills;
  }

  /** The simulator's time. */
  clock(): Promise<ClockState> {
    return this.send('GET', '/clock');
  }

  /** Sets driven time, in milliseconds since 1970; what became due has happened when this returns. */
  setTime(time: number): Promise<ClockState> {
    return this.send('PUT', '/clock', { time });
  }

  /** Lets driven time pass. */
  advance(advanceMs: number): Promise<ClockState> {
    return this.send('PUT', '/clock', { advanceMs });
  }

  /** Sets faults beside those that are set; returns their ids. */
  async setFaults(...faults: FaultSpec[]): Promise<string[]> {
    return (await this.send<{ ids: string[] }>('POST', '/faults', faults)).ids;
  }

  /** The faults that are set, with their hits. */
  async faults(): Promise<ActiveFault[]> {
    return (await this.send<{ faults: ActiveFault[] }>('GET', '/faults')).faults;
  }

  /** Removes one fault, or all. */
  clearFaults(id?: string): Promise<void> {
    return this.send('DELETE', id === undefined ? '/faults' : `/faults/${encodeURIComponent(id)}`);
  }

  /** What is created is listed only after `ms`. */
  async setVisibilityLag(ms: number, action: string | string[] = '*'): Promise<void> {
    await this.setFaults({ id: 'visibility-lag', kind: 'visibilityLag', action, ms });
  }

  /** Sets how scripts end, beside what is set; the first that fits is taken. Returns the ids. */
  async scriptAnswers(...answers: ScriptedAnswerInput[]): Promise<string[]> {
    return (await this.send<{ ids: string[] }>('POST', '/answers', answers)).ids;
  }

  /** The answers that are set, and how often each was given. */
  async scriptedAnswers(): Promise<{ id: string; answer: ScriptedAnswer; given: number }[]> {
    type Listed = { id: string; answer: ScriptedAnswer; given: number }[];
    return (await this.send<{ answers: Listed }>('GET', '/answers')).answers;
  }

  /** Removes one scripted answer, or all. */
  clearAnswers(id?: string): Promise<void> {
    return this.send('DELETE', id === undefined ? '/answers' : `/answers/${encodeURIComponent(id)}`);
  }

  /** Whether a bucket of OSS can be written to. */
  setBucket(bucket: z.input<typeof bucketBody>): Promise<void> {
    return this.send('PUT', '/buckets', bucket);
  }

  /** Whether the parameter store has a secret of this name. */
  setSecret(secret: z.input<typeof secretBody>): Promise<void> {
    return this.send('PUT', '/secrets', secret);
  }

  /** Limits of calls per minute; `*` for all actions without their own. */
  setThrottle(settings: z.input<typeof throttleBody>): Promise<void> {
    return this.send('PUT', '/throttle', settings);
  }

  /** All switches. */
  switches(): Promise<Switches> {
    return this.send('GET', '/switches');
  }

  /** Changes switches; returns all. */
  setSwitches(switches: Partial<Switches>): Promise<Switches> {
    return this.send('PUT', '/switches', switches);
  }

  /** Enforces a RAM policy, or none. */
  setPolicy(policy: Policy | undefined): Promise<void> {
    return policy === undefined ? this.send('DELETE', '/policy') : this.send('PUT', '/policy', policy);
  }

  /** What is left of an instance type in a zone. */
  setStock(stock: z.input<typeof stockBody>): Promise<void> {
    return this.send('PUT', '/stock', stock);
  }

  /** Adds a key pair. */
  addKey(accessKeyId: string, accessKeySecret: string): Promise<void> {
    return this.send('PUT', '/keys', { add: { accessKeyId, accessKeySecret } });
  }

  /** Disables or removes a key pair. */
  revokeKey(accessKeyId: string, how: 'disable' | 'remove' = 'disable'): Promise<void> {
    return this.send('PUT', '/keys', { revoke: accessKeyId, how });
  }

  /** Forgets every ClientToken, as if its lifetime had passed. */
  forgetClientTokens(): Promise<void> {
    return this.send('DELETE', '/client-tokens');
  }

  /** Any control call, for operations that other parts of the simulator add. */
  async send<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(this.access.controlUrl + path, {
      method,
      headers: {
        authorization: `Bearer ${this.access.controlToken}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as T & { error?: string };
    if (!response.ok) throw new Error(`control plane: ${response.status} ${answer.error ?? ''}`.trim());
    return answer;
  }
}
