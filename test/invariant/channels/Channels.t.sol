// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AttributionLedger} from "../../../contracts/ledger/AttributionLedger.sol";
import {OpenToken} from "../../../contracts/token/OpenToken.sol";
import {Campaign} from "../../solidity/Campaign.sol";
import {ChannelHandlers} from "./ChannelHandlers.sol";

/// @dev In this file, so that the runner finds it also when it compiles no other.
contract ChannelsSubject is ChannelHandlers {
    constructor(OpenToken token_, AttributionLedger ledger_) ChannelHandlers(token_, ledger_) {}
}

contract ChannelsCampaign is Campaign {
    ChannelsSubject private channels;

    function setUp() public {
        OpenToken token = new OpenToken(address(this));
        channels = new ChannelsSubject(token, new AttributionLedger(token));
        token.transfer(address(channels), token.totalSupply());
        channels.open();
        subject = channels;
    }

    function invariant_channels() public view {
        _requireUnbroken();
    }

    /// @dev Handlers that never do what they are for would test nothing.
    function test_everyHandlerDoesWhatItIsFor() public {
        bytes4[] memory handlers = channels.handlers();
        for (uint256 i = 0; i < 600; ++i) {
            (bool success, ) = address(channels).call(
                abi.encodeWithSelector(handlers[i % handlers.length], uint256(keccak256(abi.encode(i))))
            );
            require(success, "a handler reverts");
        }
        channels.finish();
        _requireUnbroken();
        for (uint256 i = 0; i < handlers.length; ++i) require(channels.timesDone(handlers[i]) >= 3, "hardly ever done");
    }
}
