// The committed texts must equal the generated ones. `vitest run test/cli/config-docs.test.ts -u`
// writes them again.
import { describe, expect, it } from 'vitest';
import { configTable, envExample } from '#cli/config-docs';
import { readConfig, variables } from '#config/config';

describe('the texts generated from the configuration schema', () => {
  it('.env.example matches the schema', async () => {
    await expect(envExample()).toMatchFileSnapshot('../../.env.example');
  });

  it('docs/configuration.md matches the schema', async () => {
    await expect(configTable()).toMatchFileSnapshot('../../docs/configuration.md');
  });

  it('name every variable with its meaning', () => {
    for (const [name, { description }] of Object.entries(variables.shape)) {
      expect(description, name).toBeTruthy();
      expect(envExample()).toContain(`# ${name}=`);
      expect(configTable()).toContain(`| \`${name}\` |`);
    }
  });

  it('contain defaults that the schema reads back unchanged', () => {
    const lines = envExample()
      .split('\n')
      .flatMap((line) => /^# ([A-Z_]+=.*)$/.exec(line)?.[1] ?? []);
    const env = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
    expect(readConfig(env)).toEqual(readConfig({}));
  });
});
