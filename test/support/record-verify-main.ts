// The paths through `verifyEndpoint`, walked on real servers; run by bench/record-histories.ts.
import { it } from 'vitest';
import { record } from './recording.ts';
import { until } from './until.ts';

const recording = record('t04');

it('verifications', async () => {
  const { posthorn, receiver, tenant } = recording.stage;
  receiver.answer('/agrees', ({ body }, response) => void response.writeHead(200).end(JSON.parse(body.toString()).data.challenge));
  const agrees = await posthorn.makeEndpoint(tenant, `${receiver.url}/agrees`, { verification: 'echo' });
  const agreed = posthorn.temporal.workflow.getHandle(`verify/${agrees.id}`);
  await agreed.result();
  await recording.keep('verify-agreed', agreed);

  const refuses = await posthorn.makeEndpoint(tenant, `${receiver.url}/refuses`, { verification: 'cloudevents' });
  const refused = posthorn.temporal.workflow.getHandle(`verify/${refuses.id}`);
  await until('a refusal', async () => (await refused.describe()).raw.pendingActivities?.[0]?.lastFailure);
  await refused.cancel();
  await refused.result().catch(() => undefined);
  await recording.keep('verify-cancelled', refused);
});
