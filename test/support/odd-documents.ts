// Documents made by hand, each with something that a reader of bytes might take otherwise than a parser does.

/** Longer than what the module has room for in other_json. */
const long = 'ä long text; '.repeat(350_000);

function resource(type: string, id: string, rest: string): string {
  return `{"resourceType":"${type}","id":"${id}"${rest === '' ? '' : ','}${rest}}`;
}

/** `depth` objects in one another, each an item of a list under `key`. */
function nest(key: string, depth: number, inner: string, each: (level: number) => string): string {
  let text = inner;
  for (let level = depth; level > 0; level--) text = `"${key}":[{${each(level)}${text === '' ? '' : ','}${text}}]`;
  return text;
}

const quantities = ['1.00', '-0', '0', '1e3', '1E-7', '12345678901234567890', '0.000000100', '1e400', '-1.5e+2', '100000000000000000000.10', '0.1'];
const misfits = ['null', 'true', '1', '1.50', '"x"', '""', '{}', '[]', '[null]', '[[]]', '[{}]', '{"value":1}', '["x",null,1,{"x":[]}]'];
const misfitKeys: readonly (readonly [string, readonly string[]])[] = [
  [
    'Patient',
    ['active', 'gender', 'birthDate', '_birthDate', 'deceasedBoolean', 'name', 'telecom', 'address', 'identifier', 'contact', 'link', 'meta', 'text'],
  ],
  ['Observation', ['status', 'code', 'subject', 'valueQuantity', 'valueString', 'component', 'referenceRange', 'category', 'effectiveDateTime', 'extension']],
  ['Encounter', ['class', 'type', 'period', 'participant', 'location', 'diagnosis', 'hospitalization', 'length', 'contained', 'modifierExtension']],
];

function misfitLines(): string[] {
  return misfitKeys.flatMap(([type, keys]) =>
    keys.flatMap((key) => misfits.map((value, index) => resource(type, `${key.replace('_', 'u-')}-${index}`, `"${key}":${value},"language":"en"`))),
  );
}

const escapes: readonly string[] = [
  String.raw`{"resourceType":"Patient","id":"e\u0031","gender":"f\u0065male","name":[{"family":"O\"H\\ara\/","given":["A\nB","\u00e4\ud83d\ude00","\t"]}]}`,
  String.raw`{"resourceType":"Patient","id":"e-2","managingOrganization":{"reference":"Organization\/o1"},"generalPractitioner":[{"reference":"Pr\u0061ctitioner/p"}]}`,
  String.raw`{"resourceType":"P\u0061tient","id":"e-3","g\u0065nder":"male"}`,
  String.raw`{"resourceType":"Patient","id":"e-4","name":[{"family":"\ud800","given":["\udc00x"]}]}`,
  String.raw`{"resourceType":"Patient","id":"e-5","name":[{"text":"\u0000\u001f\u2028\u007f\b\f"}],"maritalStatus":{"text":"a;\u0020b"}}`,
  String.raw`{"resourceType":"Observation","id":"e-6","code":{"coding":[{"system":"http:\/\/loinc.org","code":"1\u002d8","display":"=1+1"},{"code":"\u0022"}],"text":"\r\n"},"subject":{"reference":"Patient\/e1"}}`,
  String.raw`{"resourceType":"Observation","id":"e-7","subject":{"reference":"Patient?identifier=http:\/\/s|1%7C2"},"performer":[{"reference":"#\u0070"}],"contained":[{"resourceType":"Practitioner","id":"\u0070"}]}`,
  String.raw`{"resourceType":"Patient","id":"e-8 \"quoted\" id","name":[{"family":"x"}]}`,
  '{"resourceType":"Patient","id":"","name":[{"family":""}],"birthDate":""}',
  '{"resourceType":"Patient","name":[{"given":["", ""],"prefix":[null,"Dr",null]}],"identifier":[{"value":"a","system":""},{}]}',
  '{"resourceType":"Patient","id":"dup","gender":"male","gender":"female"}',
  '{"resourceType":"Patient","id":"dup","id":"dup-2","name":[{"family":"a","family":"b"}]}',
  '{"resourceType":"Patient","id":"unknown","fooBar":{"a":[1,2]},"__proto__":{"x":1},"constructor":"y","name":[{"foo":1,"family":"z"}]}',
  '{"id":"late","active":true,"resourceType":"Patient"}',
];

const primitives: readonly string[] = [
  '{"resourceType":"Patient","id":"p-1","_birthDate":{"id":"b","extension":[{"url":"http://x/birthTime","valueDateTime":"1970-01-01T00:00:00Z"}]}}',
  '{"resourceType":"Patient","id":"p-2","birthDate":"1970-01-01","_birthDate":{"extension":[{"url":"u","extension":[{"url":"v","valueInteger":1.0}]}]},"_gender":null}',
  '{"resourceType":"Patient","id":"p-3","name":[{"given":["a",null,"c"],"_given":[null,{"extension":[{"url":"u","valueCode":"masked"}]},{"id":"x"}]}]}',
  '{"resourceType":"Patient","id":"p-4","name":[{"_family":{"extension":[{"url":"u","valueString":"q","id":"i"}],"modifierExtension":[{"url":"m"}]}}],"_active":[]}',
  '{"resourceType":"Patient","id":"p-5","_name":{"id":"no"},"_contained":{"x":1},"__birthDate":{"id":"no"},"_resourceType":{"id":"no"},"_id":{"id":"i"}}',
];

const modifiers: readonly string[] = [
  '{"resourceType":"Patient","id":"m-1","modifierExtension":[{"url":"http://x/m","valueBoolean":true}]}',
  '{"resourceType":"Patient","id":"m-2","contact":[{"modifierExtension":[{"url":"http://x/m"},{"url":"http://x/n"}],"name":{"family":"x"}}]}',
  '{"resourceType":"Patient","id":"m-3","link":[{"other":{"reference":"Patient/1"},"type":"refer","modifierExtension":[{}]}]}',
  '{"resourceType":"Observation","id":"m-4","component":[{"code":{"text":"c"},"referenceRange":[{"text":"t","modifierExtension":[{"url":"u","extension":[{"url":"w"}]}]}]}]}',
  '{"resourceType":"Observation","id":"m-5","contained":[{"resourceType":"Patient","modifierExtension":[{"url":"u"}]},{"modifierExtension":[{"url":"u"}]}]}',
  '{"resourceType":"Claim","id":"m-6","item":[{"sequence":1,"modifierExtension":[{"url":"u"}],"detail":[{"sequence":1,"modifierExtension":[{"url":"u"}],"subDetail":[{"sequence":1,"modifierExtension":[{"url":"u"}]}]}]}]}',
  '{"resourceType":"Basic","id":"m-7","code":{"text":"modifierExtension"},"modifierExtension":{"url":"u"}}',
];

const references: readonly string[] = [
  '{"resourceType":"Observation","id":"r-1","subject":{"reference":"Patient/p-1","type":"Patient"},"encounter":{"reference":"Encounter/none","display":"d"}}',
  '{"resourceType":"Observation","id":"r-2","subject":{"identifier":{"system":"s","value":"v"}},"performer":[{"reference":"Organization/o"},{"reference":"Practitioner/p"}]}',
  '{"resourceType":"Observation","id":"r-3","subject":{"reference":"Group/g"},"performer":[{"type":"Device"},{"display":"only"},{"reference":""},{"reference":"Patient/"},{"reference":"/1"}]}',
  '{"resourceType":"Observation","id":"r-4","subject":{"reference":"urn:oid:1.2.3"},"focus":[{"reference":"urn:uuid:"},{"reference":"URN:uuid:x"},{"reference":"urn:uuid:a b"}]}',
  '{"resourceType":"Observation","id":"r-5","subject":{"reference":"https://h/fhir/Patient/p-1/_history/2"},"derivedFrom":[{"reference":"patient/1"},{"reference":"Patient/a_b"}]}',
  '{"resourceType":"Observation","id":"r-6","subject":{"reference":"#"},"performer":[{"reference":"#nobody"},{"reference":"#a"}],"contained":[{"resourceType":"Patient","id":"a"},{"resourceType":"Organization","id":"a"},{"id":"a"},3]}',
  `{"resourceType":"Observation","id":"r-7","subject":{"reference":"Patient/${'x'.repeat(64)}"},"encounter":{"reference":"Encounter/${'x'.repeat(65)}"}}`,
  '{"resourceType":"Patient","id":"p-9","identifier":[{"system":"s","value":"v"}],"link":[{"other":{"reference":"Patient/p-9"},"type":"seealso"}]}',
];

/** A Bundle whose references come before and after what they are about. */
function forwardBundle(): string {
  const entry = (fullUrl: string, text: string) => ({ fullUrl, resource: JSON.parse(text) as unknown, request: { method: 'POST', url: 'x' } });
  const observation = (id: string, subject: string) =>
    entry(
      `urn:uuid:${id}`,
      resource('Observation', id, `"status":"final","code":{"text":"c"},"subject":{"reference":"${subject}"},"hasMember":[{"reference":"urn:uuid:o2"}]`),
    );
  const entries = [
    observation('o1', 'urn:uuid:u1'),
    observation('o2', 'Patient?identifier=sys|7'),
    entry('urn:uuid:u1', resource('Patient', 'renamed', '"identifier":[{"system":"sys","value":"7"}],"active":true')),
    observation('o3', 'urn:uuid:u1'),
    observation('o4', 'urn:uuid:elsewhere'),
  ];
  return JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry: entries }, null, 2);
}

/** Path → text. */
export function oddDocuments(): Record<string, string> {
  const quantityLines = quantities.map((number, index) =>
    resource(
      'Observation',
      `n-${index}`,
      `"valueQuantity":{"value":${number},"unit":"1"},"component":[{"valueInteger":${number}},{"valueQuantity":{"value":${number},"code":"%"}}]`,
    ),
  );
  return {
    'misfits.ndjson': `${misfitLines().join('\n')}\n`,
    'escapes.ndjson': `${escapes.join('\n')}\n`,
    'primitives.ndjson': `${primitives.join('\n')}\n`,
    'modifiers.ndjson': `${modifiers.join('\n')}\n`,
    'references.ndjson': `${references.join('\n')}\n`,
    'numbers.ndjson': `${quantityLines.join('\n')}\n`,
    'forward.json': forwardBundle(),
    'nested.ndjson': [3, 40, 120, 200, 320]
      .flatMap((depth) => [
        resource(
          'Questionnaire',
          `q-${depth}`,
          nest('item', depth, '', (level) => `"linkId":"${level}","text":"t","type":"group","code":[{"code":"c${level}"}]`),
        ),
        resource(
          'Parameters',
          `x-${depth}`,
          nest('parameter', depth, '', (level) => `"name":"${level}"`),
        ),
        resource(
          'Patient',
          `d-${depth}`,
          nest('extension', depth, '"valueString":"in"', (level) => `"url":"u${level}"`),
        ),
        '',
      ])
      .filter((line) => line !== '')
      .join('\n'),
    'empty.json': '{"resourceType":"Bundle","type":"collection","entry":[{},{"resource":{}},{"resource":null},{"resource":{"resourceType":"Patient"}},[],1]}',
  };
}

/** Resources larger than the module has room for, in one way or another. */
export function bigDocuments(): Record<string, string> {
  const many = (count: number, write: (index: number) => string) => Array.from({ length: count }, (_, index) => write(index)).join(',');
  const big = [
    resource('Patient', 'long', `"name":[{"family":${JSON.stringify(long)}}],"text":{"status":"generated","div":${JSON.stringify(long)}}`),
    resource(
      'Basic',
      'kept',
      `"code":{"text":"c"},"extension":[{"url":"u","valueString":${JSON.stringify(long)}}],"identifier":[{"assigner":{"display":${JSON.stringify(long)}}}]`,
    ),
    resource(
      'Observation',
      'rows',
      `"component":[${many(5000, (index) => `{"code":{"coding":[{"code":"${index}"},{"code":"b"}]},"valueString":"${index}"}`)}]`,
    ),
    resource('Patient', 'wide', `"telecom":[${many(3000, (index) => `{"rank":${index},"value":"${index}","use":"home"}`)}]`),
    resource('Basic', 'values', `"identifier":[${many(1_100_000, () => '{}')}]`),
    resource('Observation', 'after', '"status":"final","valueString":"x"'),
  ];
  return { 'big.ndjson': big.join('\n') };
}
