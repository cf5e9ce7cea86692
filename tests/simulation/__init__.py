"""The hub against both sandboxes in one process, on a clock that jumps, with everything going wrong that can.

A seed makes a plan (`plan`): what people do and what breaks, as data. A run (`run`) plays it with the real sync code; processes
of the hub die, freeze and are started again (`process`). Then everything is mended, the hub settles, and the two sides' own
records are compared with its own (`invariants`). `campaign` plays many seeds, shrinks what fails and tells it (`story`).
"""
