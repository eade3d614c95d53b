// The code that sends the first event, in three languages. It runs as it is, with POSTHORN_API_KEY set.

export interface Sample {
  id: 'curl' | 'typescript' | 'python';
  name: string;
  code: string;
}

export const firstEvent = { type: 'order.created', data: { orderId: '1001', total: 99.9 } };

/** `tenant`: its id, which holds only letters, digits, dots, dashes and underscores. */
export function samplesFor(origin: string, tenant: string): Sample[] {
  const url = `${origin}/v1/tenants/${tenant}/events`;
  const json = JSON.stringify(firstEvent);
  return [
    {
      id: 'curl',
      name: 'curl',
      code: `curl -X POST ${url} \\
  -H "authorization: Bearer $POSTHORN_API_KEY" -H 'content-type: application/json' \\
  -d '${json}'`,
    },
    {
      id: 'typescript',
      name: 'TypeScript',
      code: `// npm install @posthorn/client
import { Posthorn } from '@posthorn/client';

const posthorn = new Posthorn({ url: '${origin}', apiKey: process.env.POSTHORN_API_KEY ?? '' });
const event = await posthorn.events.send('${tenant}', {
  type: '${firstEvent.type}',
  data: { orderId: '1001', total: 99.9 },
});
console.log(event.id);`,
    },
    {
      id: 'python',
      name: 'Python',
      code: pythonFor(url),
    },
  ];
}

const pythonFor = (url: string) => `import json, os, urllib.request

event = {"type": "${firstEvent.type}", "data": {"orderId": "1001", "total": 99.9}}
request = urllib.request.Request(
    "${url}",
    data=json.dumps(event).encode(),
    headers={
        "authorization": "Bearer " + os.environ["POSTHORN_API_KEY"],
        "content-type": "application/json",
    },
)
print(json.load(urllib.request.urlopen(request))["id"])`;
