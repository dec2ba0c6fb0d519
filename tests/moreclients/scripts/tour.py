"""What the tours of Python share. HOST, PORT and STAGE say what to talk to."""
import os

HOST, PORT, STAGE = os.environ['HOST'], int(os.environ['PORT']), os.environ['STAGE']


def say(step, *what):
    print(step + ': ' + ' | '.join(str(w) for w in what))
