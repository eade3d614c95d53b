// The names of schemas in the OpenAPI document, which generators turn into names of types. Schemas of routes have theirs
// from `.meta({ id })` or from the operation; parts of named schemas have theirs from the whole and the field.
import type { z } from 'zod';
import { scope } from '#domain/access/access';
import { apiKey, createdApiKey, newApiKey } from '#domain/access/api-key';
import { apiRate } from '#domain/access/api-rate';
import { auditAction, auditVerification, auditView } from '#domain/access/audit';
import { createdPortalLink, currentPortalLink, newPortalLink, portalLink } from '#domain/access/portal-link';
import { portalLanguage } from '#domain/access/portal-look';
import { begunSignIn, createdSession, newSession, person, role, session, signInMethods } from '#domain/access/session';
import { alertKind, alertView, severity } from '#domain/alerts/alert';
import { channelChange, channelTest, channelView, newChannel } from '#domain/alerts/channel';
import { channelSettings } from '#domain/alerts/channel-settings';
import { converter } from '#domain/catalogue/converter';
import {
  eventTypeChange,
  newEventType,
  newVersion,
  strictness,
  typeSummary,
  typeView,
  versionView,
  visibility,
} from '#domain/catalogue/event-type';
import { caseName, conformanceCase, conformanceReport, conformanceRequest } from '#domain/conformance/conformance';
import { deliveryStatus } from '#domain/deliveries/delivery';
import { outcome } from '#domain/deliveries/outcome';
import { retryPolicy } from '#domain/deliveries/retry-schedule';
import { cataloguePlan, planStep } from '#domain/documents/plan-catalogue';
import { changeEffect } from '#domain/endpoints/change-effect';
import {
  createdEndpoint,
  endpoint,
  endpointChange,
  endpointTest,
  newEndpoint,
  rotatedSecret,
  secretRotation,
  signingSecretView,
} from '#domain/endpoints/endpoint';
import { auth, shownAuth, shownTls, tls } from '#domain/endpoints/endpoint-target';
import { templateTransform, transform } from '#domain/endpoints/endpoint-transform';
import { listenAnswer } from '#domain/endpoints/listen';
import { signing } from '#domain/endpoints/signing';
import { jwks, keyRotation, signingKey } from '#domain/endpoints/signing-keys';
import { newTenant, tenant, tenantChange } from '#domain/endpoints/tenant';
import { eventToTry, shapedBody, transformTest } from '#domain/endpoints/transform-test';
import { shownVerification } from '#domain/endpoints/verification';
import { bodyFormat } from '#domain/events/body-format';
import { acceptedBatch, acceptedEvent, eventSummary, eventWarning, newBatch, newEvent } from '#domain/events/event';
import { laneWait } from '#domain/lanes/lane';
import { batch, onDeadLetter, ordering, rateLimit } from '#domain/lanes/lane-settings';
import { dryRun, newReplay, replayChange, replayView } from '#domain/replays/replay';
import { fixture, fixtures } from '#domain/sandbox/fixture';
import { createdSandbox, newSandbox, sandboxChange, sandboxRequestView, sandboxView } from '#domain/sandbox/sandbox-endpoint';
import { compatibility, schemaChange } from '#domain/schemas/schema-change';
import { step } from '#domain/shaping/converter';
import { discordPreset, pagerDutyPreset, preset, presetField, slackPreset, teamsPreset } from '#domain/shaping/presets';
import { resolution, statsView, statsWindow } from '#domain/stats/stats';
import { worstEndpoint } from '#domain/stats/worst-endpoints';
import { attemptDetails } from '#domain/views/attempt-details';
import { attemptView, deliveryView, endpointVerdict } from '#domain/views/delivery-view';
import { endpointCondition, endpointFigures, endpointSummary } from '#domain/views/endpoint-summary';
import { explanation } from '#domain/views/explanation';
import { laneView, queueView, sequenceView } from '#domain/views/lane-view';
import { listedEvent } from '#domain/views/listed-event';
import { missedDelivery } from '#domain/views/missed';
import { deliveryExplanation } from '#domain/views/next-steps';
import { hitKind, searchHit } from '#domain/views/search-hit';
import { sentRequestView } from '#domain/views/sent-request';
import { changedDelivery, changedEndpoint, streamKind } from '#domain/views/stream-view';
import { undeliveredEndpoint, undeliveredStatus } from '#domain/views/undelivered';
import { fieldError, problemDocument } from './problem.ts';

export const schemaNames: [z.ZodType, string][] = [
  [tenant, 'Tenant'],
  [newTenant, 'NewTenant'],
  [tenantChange, 'TenantChange'],
  [rateLimit, 'RateLimit'],
  [endpoint, 'Endpoint'],
  [newEndpoint, 'NewEndpoint'],
  [endpointChange, 'EndpointChange'],
  [createdEndpoint, 'CreatedEndpoint'],
  [secretRotation, 'SecretRotation'],
  [rotatedSecret, 'RotatedSecret'],
  [signingSecretView, 'SigningSecret'],
  [endpointTest, 'TestEvent'],
  [endpointSummary, 'EndpointSummary'],
  [endpointCondition, 'EndpointCondition'],
  [endpointFigures, 'EndpointFigures'],
  [changeEffect, 'ChangeEffect'],
  [listenAnswer, 'ListenAnswer'],
  [auth, 'EndpointAuth'],
  [shownAuth, 'MaskedAuth'],
  [tls, 'EndpointTls'],
  [shownTls, 'ClientCertificate'],
  [signing, 'Signing'],
  [keyRotation, 'SigningKeyRotation'],
  [signingKey, 'SigningKey'],
  [jwks, 'JwkSet'],
  [shownVerification.shape.method, 'VerificationMethod'],
  [shownVerification, 'Verification'],
  [retryPolicy, 'RetryPolicy'],
  [batch, 'BatchSettings'],
  [ordering, 'Ordering'],
  [onDeadLetter, 'OnDeadLetter'],
  [bodyFormat, 'BodyFormat'],
  [converter, 'Converter'],
  [step, 'ConverterStep'],
  [transform, 'Transform'],
  [templateTransform, 'TemplateTransform'],
  [preset, 'PresetTransform'],
  [slackPreset, 'SlackPreset'],
  [discordPreset, 'DiscordPreset'],
  [teamsPreset, 'TeamsPreset'],
  [pagerDutyPreset, 'PagerDutyPreset'],
  [presetField, 'PresetField'],
  [transformTest, 'TransformTest'],
  [eventToTry, 'EventToTry'],
  [shapedBody, 'ShapedBody'],
  [newEvent, 'NewEvent'],
  [newBatch, 'NewEventBatch'],
  [acceptedEvent, 'AcceptedEvent'],
  [acceptedBatch, 'AcceptedBatch'],
  [acceptedBatch.shape.results.element, 'BatchResult'],
  [eventSummary, 'Event'],
  [deliveryView, 'Delivery'],
  [deliveryStatus, 'DeliveryStatus'],
  [changedDelivery, 'ChangedDelivery'],
  [changedEndpoint, 'ChangedEndpoint'],
  [listedEvent, 'ListedEvent'],
  [searchHit, 'SearchHit'],
  [hitKind, 'SearchHitKind'],
  [attemptView, 'Attempt'],
  [attemptDetails, 'AttemptDetails'],
  [outcome, 'AttemptOutcome'],
  [sentRequestView, 'SentRequest'],
  [endpointVerdict, 'EndpointVerdict'],
  [endpointVerdict.shape.verdict, 'Verdict'],
  [explanation, 'Explanation'],
  [deliveryExplanation, 'DeliveryExplanation'],
  [missedDelivery, 'MissedDelivery'],
  [laneView, 'Lane'],
  [laneWait, 'LaneWait'],
  [queueView, 'LaneQueue'],
  [sequenceView, 'Sequence'],
  [newReplay, 'NewReplay'],
  [undeliveredEndpoint, 'UndeliveredEndpoint'],
  [undeliveredStatus, 'UndeliveredStatus'],
  [replayView, 'Replay'],
  [replayChange, 'ReplayChange'],
  [dryRun, 'ReplayDryRun'],
  [statsView, 'Stats'],
  [statsWindow, 'StatsWindow'],
  [resolution, 'StatsResolution'],
  [statsView.shape.series.element, 'StatsStep'],
  [worstEndpoint, 'WorstEndpoint'],
  [streamKind, 'StreamKind'],
  [auditView, 'AuditEntry'],
  [auditAction, 'AuditAction'],
  [auditVerification, 'AuditVerification'],
  [apiKey, 'ApiKey'],
  [newApiKey, 'NewApiKey'],
  [createdApiKey, 'CreatedApiKey'],
  [apiRate, 'ApiRate'],
  [scope, 'Scope'],
  [portalLink, 'PortalLink'],
  [newPortalLink, 'NewPortalLink'],
  [createdPortalLink, 'CreatedPortalLink'],
  [currentPortalLink, 'CurrentPortalLink'],
  [portalLanguage, 'PortalLanguage'],
  [session, 'Session'],
  [newSession, 'NewSession'],
  [createdSession, 'CreatedSession'],
  [person, 'Person'],
  [role, 'Role'],
  [signInMethods, 'SignInMethods'],
  [begunSignIn, 'BegunSignIn'],
  [alertView, 'Alert'],
  [alertKind, 'AlertKind'],
  [severity, 'AlertSeverity'],
  [channelView, 'AlertChannel'],
  [newChannel, 'NewAlertChannel'],
  [channelChange, 'AlertChannelChange'],
  [channelSettings, 'AlertChannelSettings'],
  [channelTest, 'AlertChannelTest'],
  [sandboxView, 'Sandbox'],
  [newSandbox, 'NewSandbox'],
  [sandboxChange, 'SandboxChange'],
  [createdSandbox, 'CreatedSandbox'],
  [sandboxRequestView, 'SandboxRequest'],
  [fixtures, 'Fixtures'],
  [fixture, 'Fixture'],
  [caseName, 'ConformanceCaseName'],
  [conformanceCase, 'ConformanceCase'],
  [conformanceRequest, 'ConformanceRequest'],
  [conformanceReport, 'ConformanceReport'],
  [typeView, 'EventType'],
  [typeSummary, 'EventTypeSummary'],
  [newEventType, 'NewEventType'],
  [eventTypeChange, 'EventTypeChange'],
  [versionView, 'EventTypeVersion'],
  [newVersion, 'NewEventTypeVersion'],
  [cataloguePlan, 'CataloguePlan'],
  [planStep, 'CatalogueStep'],
  [compatibility, 'Compatibility'],
  [schemaChange, 'SchemaChange'],
  [strictness, 'Strictness'],
  [visibility, 'Visibility'],
  [eventWarning, 'EventWarning'],
  [problemDocument, 'Problem'],
  [fieldError, 'FieldError'],
];
