// The sources of the live stream.
import { readChangedAlerts } from '#db/alerts/changed-alerts';
import { readChangedDeliveries } from '#db/deliveries/changed-deliveries';
import { readChangedEndpoints } from '#db/endpoints/changed-endpoints';
import type { Db } from '#db/store/pool';
import type { ChangeSource } from './change.ts';
import { eventText } from './event-text.ts';

function deliveryChanges(db: Db): ChangeSource {
  return {
    kind: 'delivery',
    async read(query) {
      const changes = await readChangedDeliveries(db, query);
      return changes.map(({ atUs, tenantId, delivery }) => ({
        kind: 'delivery',
        id: delivery.id,
        atUs,
        tenantId,
        endpointId: delivery.endpoint,
        isForOperator: false,
        text: eventText('delivery', JSON.stringify(delivery)),
      }));
    },
  };
}

function alertChanges(db: Db): ChangeSource {
  return {
    kind: 'alert',
    async read(query) {
      const changes = await readChangedAlerts(db, query);
      return changes.map(({ atUs, tenantId, isForOperator, alert }) => ({
        kind: 'alert',
        id: alert.id,
        atUs,
        tenantId,
        endpointId: alert.endpoint,
        isForOperator,
        text: eventText('alert', JSON.stringify(alert)),
      }));
    },
  };
}

function endpointChanges(db: Db): ChangeSource {
  return {
    kind: 'endpoint',
    async read(query) {
      const changes = await readChangedEndpoints(db, query);
      return changes.map(({ atUs, tenantId, endpoint }) => ({
        kind: 'endpoint',
        id: endpoint.id,
        atUs,
        tenantId,
        endpointId: endpoint.id,
        isForOperator: false,
        text: eventText('endpoint', JSON.stringify(endpoint)),
      }));
    },
  };
}

export const allChanges = (db: Db): ChangeSource[] => [deliveryChanges(db), alertChanges(db), endpointChanges(db)];
