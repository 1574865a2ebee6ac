"""Keep a set of processes running: the engines and the services of one data folder.

policy      when to start a dead process again, when to give up (pure)
order       what starts before what (pure)
supervisor  children: started, watched, started again, stopped in order
folder      the data folder: its lock, its keys, and the state that other commands read
stack       the children that make up closedloop, and the steps between them
report      what a person sees meanwhile
"""
