"""Holds a connector to recordings of the real server: its sandbox's answers, and the requests that it sends.

A recording is a folder of scenarios, one JSON file each: a server that is set up, and requests in order, each with the
answer that the real server gave. The connector's folder says how to set up its sandbox (`ports.replay.Stage`).
"""
