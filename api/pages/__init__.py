"""Segmenting in processes of its own: what a page does there harms no other page.

``pool`` starts the processes and keeps them up, ``process`` is what each of them does, ``pooled``
hands pages over from the processes that answer requests.
"""
