"""The protocol, without input or output: nothing here sends, waits, reads a file or clock, or draws a number.

What it must know of the world it is told (`_io.world`); an import contract keeps it so.


    arguments   a call's arguments as a path, a query or a body has them
    calls       `Call`, `Answer`, `Page`, and readers of answers
    decoding    JSON to records, by what the records say of themselves
    exchange    a call to a request, an answer to a refusal or a result
    retries     whether a call is sent again, and after how long
    talk        one call from its first attempt to its end; whoever sends does as it says
    wishes      what somebody asks a credential to be, as a body has it
    rotations   the calls that renew one
    endpoint · secret · errors
"""
