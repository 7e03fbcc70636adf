// Runs a command on every instance tagged fleet=demo, with nothing but Temporal's own client.
//   steward up                        (in another terminal)
//   node examples/run-command.mjs
import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';

const { connectionOptions, namespace } = loadClientConnectConfig(); // TEMPORAL_ADDRESS …, else localhost:7233
const connection = await Connection.connect(connectionOptions);
const result = await new Client({ connection, namespace }).workflow.execute('runCommand', {
  workflowId: `run-example-${Date.now()}`,
  taskQueue: 'steward-default',
  args: [
    {
      region: 'cn-hangzhou',
      targets: { tags: [{ key: 'fleet', value: 'demo' }] },
      command: { type: 'RunShellScript', content: 'cat /proc/meminfo' },
    },
  ],
});
console.log(result.summary);
console.table(result.rows, ['instanceId', 'outcome', 'exitCode', 'firstLine']);
await connection.close();
