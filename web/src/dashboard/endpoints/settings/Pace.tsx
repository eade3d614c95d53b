// How fast and how often requests are made.
import { Area, Check, Numeric } from './form.tsx';
import { Group, Setting } from './Setting.tsx';

export function Pace() {
  return (
    <Group
      title="Pace and retries"
      about="What is over a limit waits in the lane of the endpoint, and is delivered later. Nothing is lost."
    >
      <Setting of="rateLimit">
        <div className="settings-pair">
          <Numeric name="ratePerSecond" of="rateLimit" label="Requests a second" placeholder="not limited" />
          <Numeric name="rateBurst" label="At once after an idle time" placeholder="a tenth of it" />
        </div>
      </Setting>
      <Setting of="maxInFlight">
        <Numeric name="maxInFlight" of="maxInFlight" label="Requests in flight, at most" placeholder="the usual limit" hint="1 to 32." />
      </Setting>
      <Setting of="timeoutMs">
        <Numeric name="timeout" of="timeoutMs" label="Timeout in seconds" hint="1 to 30, for the whole request." />
      </Setting>
      <Setting of="retry">
        <Area
          name="retry"
          of="retry"
          rows={2}
          label="Waits between attempts"
          placeholder="the usual schedule"
          hint="Such as 5s, 1m, 10m, 2h. Empty: the usual schedule."
        />
      </Setting>
      <Setting of="autoRecover">
        <Check
          name="autoRecover"
          label="Enable it again by itself"
          hint="When it was disabled because it failed for too long, and a probe is accepted."
        />
      </Setting>
    </Group>
  );
}
