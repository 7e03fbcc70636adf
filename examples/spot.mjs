// A spot instance that outlives its reclaims: launches one, has the patrol look after it, and, with `drill`, has the
// provider take it back and waits until its replacement serves; with nothing but Temporal's own client.
//   steward up --time x10                                (in another terminal; the five minutes are thirty seconds)
//   node examples/spot.mjs [REGION] [drill]
// The ids below are the simulated cloud's; put in yours. With `drill` the instance is really lost: that is the point.
import { randomUUID } from 'node:crypto';
import { Client, Connection, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';

const [region = 'cn-hangzhou', what] = process.argv.slice(2);
const account = 'default';
const taskQueue = `steward-${account}`;
const { connectionOptions, namespace } = loadClientConnectConfig(); // TEMPORAL_ADDRESS …, else localhost:7233
const connection = await Connection.connect(connectionOptions);
const { workflow } = new Client({ connection, namespace });
const id = randomUUID();

// 1. Launch: SpotAsPriceGo, one protected hour, pay-as-you-go. Ends when it runs and its agent answers.
const launched = await workflow.execute('launchSpotInstance', {
  workflowId: `spot-launch-${id}`,
  taskQueue,
  args: [
    {
      region,
      imageId: 'aliyun_3_x64_20G_alibase_20240528.vhd',
      instanceType: 'ecs.g7.large',
      securityGroupId: 'sg-cnhangzhou000000000000',
      internetMaxBandwidthOut: 5,
      spotDuration: 1,
    },
  ],
});
console.log(launched.summary);
if (launched.outcome !== 'running') process.exit(1);
const { instanceId } = launched;
const run = (name, target, content) =>
  workflow.execute('runCommand', {
    workflowId: `${name}-${id}`,
    taskQueue,
    args: [{ region, targets: { instanceIds: [target] }, command: { type: 'RunShellScript', content } }],
  });
await run('write', instanceId, 'echo "work of hours" > result');

// 2. From now on every reclaim in the region is noticed within 15 s and rescued.
await workflow
  .start('patrolRegion', { workflowId: `patrol/${account}/${region}`, taskQueue, args: [{ region }] })
  .catch((error) => {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error; // one looks already: good
  });

// 3. The reclaim: the instance is drained and imaged, a replacement launched from the image and checked.
if (what === 'drill') {
  const { outcome, summary, rescue } = await workflow.execute('drillSpotReclaim', {
    workflowId: `spot-drill/${account}/${region}/${instanceId}`,
    taskQueue,
    args: [{ region, instanceId }],
  });
  console.log(`${outcome}: ${summary}`);
  const { rows } = await run('read', rescue.replacementId, 'cat result');
  console.log(`${rescue.replacementId} has: ${rows[0].firstLine}`);
}
await connection.close();
