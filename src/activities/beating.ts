/**
 * Heartbeats of activities: while an activity runs, the server hears of it every two seconds, so that a worker that was
 * killed is noticed within the heartbeat timeout and not only when the activity should have ended.
 *
 * The one rule: a beat says "I live" and nothing else; it repeats the details of the attempt before, never invents any.
 */
import { activityInfo, heartbeat } from '@temporalio/activity';

/** A third of the heartbeat timeout (src/workflows/proxies.ts): one beat may be late without a false alarm. */
const BEAT_EVERY_MS = 2_000;

type Activity = (request: never) => Promise<unknown>;

/** The same activities, each with heartbeats for as long as it runs. */
export function beating<A extends object>(activities: A): A {
  const each = Object.entries(activities).map(([name, activity]) => [name, withBeats(activity as Activity)]);
  return Object.fromEntries(each) as A;
}

function withBeats(activity: Activity): Activity {
  return async (request) => {
    const before: unknown = activityInfo().heartbeatDetails;
    const timer = setInterval(() => heartbeat(before), BEAT_EVERY_MS);
    try {
      return await activity(request);
    } finally {
      clearInterval(timer);
    }
  };
}
