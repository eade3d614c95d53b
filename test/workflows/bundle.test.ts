// The workflow bundle runs in a sandbox. It must contain only code that may run there, and must
// stay small.
import { defaultPayloadConverter } from '@temporalio/common';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadWorkflowBundle } from '#app/workflow-bundle';
import { payloadConverter } from '#workflows/payload-converter';

describe('the workflow bundle', () => {
  it('contains only the workflows and their allowed imports', async () => {
    const { code } = await loadWorkflowBundle();
    const modules = [...code.matchAll(/^\/\*{3}\/ "([^"]+)"$/gm)].map(([, path]) => path ?? '');
    const own = modules.flatMap((path) => /\/src\/(.+)$/.exec(path)?.[1] ?? []);
    expect(own.length).toBeGreaterThan(6);
    expect(own.filter((path) => !/^(workflows|contract)\//.test(path))).toEqual([]);
    const packages = new Set(modules.flatMap((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []));
    expect([...packages].sort()).toEqual(['@temporalio/common', '@temporalio/workflow', 'long', 'ms', 'nexus-rpc']);
    expect(code).not.toMatch(/require\("(node:)?(fs|net|http|crypto|child_process|process)"\)/);
  });

  it('is small', async () => {
    const { code } = await loadWorkflowBundle();
    const withoutMap = code.replace(/^\/\/# sourceMappingURL=.*$/m, '');
    expect(withoutMap.length).toBeLessThan(1_000_000);
    // two threads keep it in memory, and one character beyond Latin-1 would double it
    expect(code).toMatch(/^[\0-\x7f]*$/);
    expect(code.length).toBeLessThan(1_200_000);
  });
});

describe('the payload converter', () => {
  const bytes = fc.uint8Array({ maxLength: 200 });
  const encoding = fc.oneof(
    bytes,
    fc.constantFrom('json/plain', 'binary/null', 'json/protobuf', 'binary/protobuf').map((text) => Buffer.from(text)),
  );

  it('never throws while reading a payload', () => {
    fc.assert(
      fc.property(
        fc.option(fc.dictionary(fc.constantFrom('encoding', 'messageType', 'x'), encoding)),
        fc.option(bytes),
        (metadata, data) => {
          payloadConverter.fromPayload({ metadata, data });
        },
      ),
    );
  });

  it('reads valid payloads like the default converter', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const payload = payloadConverter.toPayload(value);
        expect(payload).toEqual(defaultPayloadConverter.toPayload(value));
        expect(payloadConverter.fromPayload(payload)).toEqual(defaultPayloadConverter.fromPayload(payload));
      }),
    );
  });
});
