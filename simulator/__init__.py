"""The other side of the cable: terminals, cardholders, the acquirer and its money ledger, on real wires."""
