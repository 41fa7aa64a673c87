import { ZeroAddress } from "ethers";

import { DELAYED_ROLES, type Governed, POWERS, ROLE, selectorOf } from "../../ignition/powers.ts";
import type { AccessRoles, TimelockRoles } from "../../sdk/accessRoles.ts";
import type { ProtocolParameters } from "./parameters.ts";
import type { ProtocolAddresses } from "./protocol.ts";

/** Who has which power, line by line: what a new deployment must show, or what a chain shows. */
export interface PowerLists {
  /** Kept by the AccessManager. */
  access: Record<
    | "members"
    | "functions"
    | "role admins"
    | "role guardians"
    | "grant delays"
    | "admin delays"
    | "closed contracts"
    | "operations under way",
    string[]
  >;
  /** Kept by the Timelock. */
  timelock: Record<"members" | "role admins" | "operations under way", string[]>;
}

/** The powers right after deployment: with the Timelock, but that the court slashes and the committee's members vote. */
export function expectedPowers({
  addresses,
  parameters: { slasherDelaySeconds, committee },
}: {
  addresses: ProtocolAddresses;
  parameters: Pick<ProtocolParameters, "slasherDelaySeconds" | "committee">;
}): PowerLists {
  const { timelock, governor, court } = addresses;
  const governed = Object.keys(POWERS) as Governed[];
  const delayed = governed.filter((name) => POWERS[name].delayed);
  return describePowers({
    access: {
      members: [
        { role: ROLE.ADMIN, account: timelock, executionDelay: 0n },
        { role: ROLE.PARAMETERS, account: timelock, executionDelay: 0n },
        { role: ROLE.SLASHER, account: court, executionDelay: 0n },
        { role: ROLE.ARBITRATION, account: timelock, executionDelay: slasherDelaySeconds },
        ...committee.map((account) => ({ role: ROLE.COMMITTEE, account, executionDelay: 0n })),
      ],
      functions: governed.flatMap((name) =>
        Object.entries(POWERS[name].functions).map(([signature, role]) => ({
          target: addresses[name],
          selector: selectorOf(signature),
          role: ROLE[role],
        })),
      ),
      admins: new Map(),
      guardians: new Map(),
      grantDelays: new Map(DELAYED_ROLES.map((role) => [ROLE[role], slasherDelaySeconds])),
      adminDelays: new Map(delayed.map((name) => [addresses[name], slasherDelaySeconds])),
      closed: [],
      pending: [],
    },
    timelock: {
      members: [
        { role: "DEFAULT_ADMIN", account: timelock },
        { role: "PROPOSER", account: governor },
        { role: "CANCELLER", account: governor },
        { role: "EXECUTOR", account: ZeroAddress },
      ],
      admins: new Map(),
      minDelay: 0n,
      pending: [],
    },
    addresses,
  });
}

/** Puts powers into sorted lines, with contracts by their names in the deployment. */
export function describePowers({
  access,
  timelock,
  addresses,
}: {
  access: AccessRoles;
  timelock: TimelockRoles;
  addresses: ProtocolAddresses;
}): PowerLists {
  const names = new Map(Object.entries(addresses).map(([name, address]) => [address, name]));
  const nameOf = (address: string): string => names.get(address) ?? address;
  const role = (number: bigint): string =>
    Object.entries(ROLE).find(([, value]) => value === number)?.[0] ?? number.toString();

  const signatures = Object.values(POWERS).flatMap(({ functions }) => Object.keys(functions));
  const functionOf = (selector: string): string => {
    const signature = signatures.find((candidate) => selectorOf(candidate) === selector);
    return signature?.slice(0, signature.indexOf("(")) ?? selector;
  };

  return {
    access: {
      members: access.members
        .map(
          (member) =>
            `${role(member.role)} ${nameOf(member.account)}` +
            (member.executionDelay === 0n ? "" : ` after ${member.executionDelay} s`),
        )
        .sort(),
      functions: access.functions
        .map((entry) => `${nameOf(entry.target)}.${functionOf(entry.selector)} ${role(entry.role)}`)
        .sort(),
      "role admins": [...access.admins].map(([of, admin]) => `${role(of)} by ${role(admin)}`).sort(),
      "role guardians": [...access.guardians].map(([of, guardian]) => `${role(of)} by ${role(guardian)}`).sort(),
      "grant delays": [...access.grantDelays].map(([of, seconds]) => `${role(of)} ${seconds} s`).sort(),
      "admin delays": [...access.adminDelays].map(([target, seconds]) => `${nameOf(target)} ${seconds} s`).sort(),
      "closed contracts": access.closed.map(nameOf).sort(),
      "operations under way": access.pending.toSorted(),
    },
    timelock: {
      members: timelock.members
        .map((member) => `${member.role} ${member.account === ZeroAddress ? "everybody" : nameOf(member.account)}`)
        .sort(),
      "role admins": [...timelock.admins].map(([of, admin]) => `${of} by ${admin}`).sort(),
      "operations under way": timelock.pending.toSorted(),
    },
  };
}
