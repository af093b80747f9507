"""Requests and answers as files in the OpenAI batch format, and batches of an endpoint that has such an API.

`files` writes requests and reads answers, `outbox` is an endpoint that writes down what it is asked, `intake` takes
answers into the store, `api` speaks to the endpoint, `submission` keeps the store and the endpoint in step, `commands`
are the four commands.
"""
