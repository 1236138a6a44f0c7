"""Trained network -> spikes -> score: conversion, simulation, search, evaluation."""
