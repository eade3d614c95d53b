// What can be wrong with a field, by code, in the words of the API. `{name}` stands for a fact. Elsewhere, these are written by
// `faultText`, so that the code of a message can be read back from it (`readFault`).
export const faultTexts = {
  missing: 'is missing',
  unknown_field: 'unknown field',
  unknown_field_of: 'unknown field of {kind}',
  duplicate_key: 'duplicate key',
  too_long: 'must have at most {most} characters',
  too_deep: 'must not nest deeper than {most} levels',
  too_many_headers: 'must have at most {most} headers',
  too_many_pairs: 'must have at most {most} pairs',
  not_storable: 'must be well-formed text without NUL',
  not_ascii_line: 'must be visible ASCII without line breaks',
  not_ascii_word: 'must be visible ASCII without spaces',
  control_characters: 'must not contain spaces or control characters',
  masked: 'is a masked placeholder; send the real value',

  event_type: 'must be words of A-Z a-z 0-9 _ - joined by dots, such as order.created',
  event_type_pattern: 'must be an event type, a prefix such as order.*, or *',

  header_name: 'must be a valid HTTP header name of at most {most} characters',
  header_reserved: 'is reserved: Posthorn sets it, or it belongs to the connection',
  header_duplicate: 'duplicate header: names are not case-sensitive',
  header_and_auth: 'cannot be combined with auth: send only one of them',

  url_form: 'must be an absolute http or https URL, without spaces, control characters or backslashes',
  url_credentials: 'must not contain credentials (user:password@)',
  url_fragment: 'must not have a fragment (#)',
  url_port: 'must not use port 0',
  url_label: 'the host must not have an empty label or end with a dot',
  url_this_machine: '{host} is this machine; add 127.0.0.0/8 to POSTHORN_ALLOW_CIDRS to allow it',
  url_not_https: 'must be https; plain http is allowed only to addresses in POSTHORN_ALLOW_CIDRS',
  url_own: 'is a URL of this Posthorn server; only paths under /sandbox/, without percent signs, are allowed',
  url_not_exact: 'would be requested as {url}; send the URL in that form',
  url_special_address: '{address} is {kind}; add its range to POSTHORN_ALLOW_CIDRS to allow it',
  url_metadata_service: '{address} is {kind}; only an entry for this single address in POSTHORN_ALLOW_CIDRS allows it',
  url_http_address: '{address} is not in POSTHORN_ALLOW_CIDRS, as plain http requires; use https, or add its range there',
  url_other_origin: 'leads to another origin, and stored credentials are sent only to the origin they were given for; send {fields} again',
  url_routing_key:
    'leads to another origin, and a routing key is sent only to the origin it was given for, also by deliveries that were planned with it; send `transform` with the same key again, or create another endpoint',

  duration: 'must be a whole number and a unit, such as 30s, 5m or 2h',
  duration_or_0: 'must be a whole number and a unit, such as 30s, 5m or 2h; or 0',
  duration_too_long: 'must be at most {most}',
  time_of_day: 'must be a time of day such as 08:00',
  no_digest: 'is not available for pagerduty',
  no_mail_server: 'email needs an SMTP server: set POSTHORN_SMTP_URL and POSTHORN_SMTP_FROM',

  label_braces: 'must not have braces: placeholders belong to the value',
  link_start: 'must begin with https:// or http:// and a host, not with a placeholder',
  placeholder: 'has the placeholder {placeholder}, whose path {why}',
  placeholder_braces: 'has braces that are not a placeholder such as {{data.orderId}}; write them with $const',
  path_root: 'must begin with one of {roots}',
  path_backslash: 'has a \\ that is not followed by a dot or another \\',
  path_empty_key: 'has an empty key: keys are joined by one dot, as in data.amount, and a dot within a key is written \\.',
  path_too_deep: 'must have at most {most} keys',

  filter_size: 'must have at most {most} characters as JSON; it has {size}',
  filter_conditions: 'must have at most {most} conditions; it has {count}',
  filter_stars: 'must have at most {most} paths with *; it has {count}',
  filter_depth: 'must not be nested deeper than {most} levels',
  filter_object: 'must be an object, such as {"data.amount": {"$gte": 100}}',
  filter_value: 'must be a text, a number, true, false, null, or an object with {operators}',
  filter_empty: 'must have at least one condition',
  filter_list: 'must be a list of at least one condition',
  filter_operator: 'unknown operator: must be {operators}',
  filter_operator_place: 'must stand below a path, such as {"data.amount": {"{operator}": …}}; only $and, $or and $not stand here',
  filter_path_root: 'unknown field: a path is `type`, `data`, or begins with `data.`',
  filter_path_type: 'must not lead into `type`, which is a text',
  filter_path_parts: 'must have at most {most} parts',
  filter_path_stars: 'must have at most {most} parts *',
  filter_path_empty: 'has an empty part: keys are joined by one dot, and a dot within a key is written \\.',
  filter_path_backslash: 'has a \\ that is not followed by a dot, a star or another \\',
  operand_list: 'must be a list of 1 to {most} texts, numbers, true, false or null',
  operand_ordered: 'must be a number or a text',
  operand_boolean: 'must be true or false',
  operand_text: 'must be a text that is not empty',
  operand_searched: 'must be a text of 1 to {most} characters, a number, true, false or null',
  operand_scalar: 'must be a text, a number, true, false or null: compare the parts of a list or an object by their paths',
  filter_never: 'can never match: by the schema of {schema}, {reason}. Change the condition, or the schema',
  filter_never_types:
    "do not fit the endpoint's filter: {path} can never match: by the schema of {schema}, {reason}. Change the condition, or the schema",
} as const;

/** Of values that are of the wrong type or size: their messages are made by zod. */
export const valueFaults = [
  'wrong_type',
  'empty',
  'too_short',
  'too_few',
  'too_many',
  'too_small',
  'too_large',
  'not_one_of',
  'not_email',
  'not_a_time',
] as const;

export type TextFault = keyof typeof faultTexts;
export type FaultCode = TextFault | (typeof valueFaults)[number];

export const faultCodes: readonly FaultCode[] = [...(Object.keys(faultTexts) as TextFault[]), ...valueFaults];
