// Where in a YAML or JSON file the parts of a catalogue are, and the mistakes in it.
import { describe, expect, it } from 'vitest';
import { faultsText, readDocumentFile, yamlText } from '#cli/catalogue/document-file';

const text = `# comment
base: &base
  owner: team-a
eventTypes:
  a.b:
    <<: *base
    examples:
      - { n: 1 }
      - [1, 2]
    'x/y': {a: 1, "b": 2}
`;

describe('a file', () => {
  it('is read with comments, anchors and merges', () => {
    const { value } = readDocumentFile('f.yaml', text);
    expect(value).toMatchObject({ eventTypes: { 'a.b': { owner: 'team-a', examples: [{ n: 1 }, [1, 2]], 'x/y': { a: 1, b: 2 } } } });
  });

  it.each([
    ['', 'f.yaml:2:1'],
    ['/eventTypes', 'f.yaml:4:1'],
    ['/eventTypes/a.b', 'f.yaml:5:3'],
    ['/eventTypes/a.b/examples/0/n', 'f.yaml:8:11'],
    ['/eventTypes/a.b/examples/1/1', 'f.yaml:9:13'],
    ['/eventTypes/a.b/x~1y/b', 'f.yaml:10:19'],
    ['/eventTypes/a.b/missing/deeper', 'f.yaml:5:3'],
    ['/nothing', 'f.yaml:2:1'],
  ])('has %s at %s', (pointer, place) => {
    expect(readDocumentFile('f.yaml', text).placeOf(pointer)).toBe(place);
  });

  it('in JSON has places, too', () => {
    expect(readDocumentFile('f.json', '{\n  "eventTypes": {"a": 1}\n}').placeOf('/eventTypes/a')).toBe('f.json:2:18');
  });

  it.each([
    ['a: "x', 'f:1:'],
    ['', 'f:1:1: is empty'],
    ['# nothing\n', 'f:1:1: is empty'],
    ['- a', 'f:1:1: must be an object, such as `eventTypes: …`'],
    ['a: 1\n---\nb: 2', 'f:2:1: a second document begins (`---`)'],
    ['a:\n\tb: 1', 'f:2:1: Tabs are not allowed as indentation'],
    ['a: 1\na: 2', 'f:2:1: Map keys must be unique'],
    ['a: *x', 'f: Unresolved alias'],
    ['{', 'f:1:2: '],
    ['a: &x\n  b: [*x]', 'f:2:7: the alias *x is within what it stands for'],
    ['a:\n  const: 12345678901234567890', 'f:2:10: 12345678901234567890 is a whole number above 2^53'],
    ['{"enum": [1, -9007199254740993]}', 'f:1:14: -9007199254740993 is a whole number above 2^53'],
  ])('%j names the place of its mistake', (broken, expected) => {
    expect(() => readDocumentFile('f', broken)).toThrow(expected);
  });

  it('with aliases that multiply is refused', () => {
    const levels = Array.from({ length: 9 }, (_, n) => `l${n + 1}: &l${n + 1} [${Array(9).fill(`*l${n}`).join(', ')}]`);
    expect(() => readDocumentFile('f', ['l0: &l0 [x]', ...levels].join('\n'))).toThrow('Excessive alias count');
  });
});

it('faults of the API get their place', () => {
  const errors = [
    { path: 'document/eventTypes/a.b', message: 'is wrong' },
    { path: 'document', message: 'must be a catalogue file' },
    { path: 'prune', message: 'must be a boolean' },
  ];
  expect(faultsText(readDocumentFile('f.yaml', text), errors).message).toBe(
    'f.yaml:5:3: eventTypes/a.b is wrong\nf.yaml:2:1: must be a catalogue file\nprune: must be a boolean',
  );
});

it('a document is written as YAML without aliases', () => {
  const shared = { a: 1 };
  expect(yamlText({ x: shared, y: shared })).toBe('x:\n  a: 1\ny:\n  a: 1\n');
});
