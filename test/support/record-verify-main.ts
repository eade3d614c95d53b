// Records histories of `verifyEndpoint` on real servers. Run by bench/record-histories.ts.
import { it } from 'vitest';
import { record } from './recording.ts';
import { until } from './until.ts';

const recording = record('t04');

it('verifications', async () => {
  const { posthorn, receiver, tenant } = recording.stage;
  let asked = 0;
  receiver.answer('/agrees', ({ body }, response) => {
    const { challenge } = JSON.parse(body.toString()).data;
    response.writeHead(200).end(asked++ === 0 ? '' : challenge);
  });
  const agrees = await posthorn.makeEndpoint(tenant, `${receiver.url}/agrees`, { verification: 'echo' });
  const agreed = posthorn.temporal.workflow.getHandle(`verify/${agrees.id}`);
  await agreed.result();
  await recording.keep('verify-refused-then-agreed', agreed);

  const refuses = await posthorn.makeEndpoint(tenant, `${receiver.url}/refuses`, { verification: 'cloudevents' });
  const refused = posthorn.temporal.workflow.getHandle(`verify/${refuses.id}`);
  await until('a refusal', async () => (await posthorn.get(`/v1/endpoints/${refuses.id}`)).body.verification.lastError);
  await refused.cancel();
  await refused.result().catch(() => undefined);
  await recording.keep('verify-refused-and-cancelled', refused);
});
